"""The ceiling: what a model reaches that was trained on the future as well. No policy can be that good."""

from __future__ import annotations

import numpy as np

from noria.core.quality import Array
from noria.pipeline.train import Request
from noria.replay.jobs import Labelled
from noria.replay.trainings import Ordered, Trainings
from noria.replay.workers import Trained, result

FOLDS = 4
STRETCHES = 32
"""Rows are dealt in at least so many stretches; of a long history, in those that are predicted together."""


def ceiling(
    labelled: Labelled, trainings: Trainings, request: Request, numbers: range
) -> tuple[Array, list[Trained]]:
    """Return outputs for the rows of these numbers, of shape (n,) or (n, k), and the models that gave them.

    Stretches of rows are dealt to folds at random. Each fold is predicted by a model that was trained on all
    others, the past and the future.
    """
    count = len(labelled.truth)
    size = min(trainings.chunk, max(count // STRETCHES, 1))
    fold = np.random.default_rng(0).permutation(-(-count // size)) % FOLDS
    fold_of_row = np.repeat(fold, size)[:count]
    known = ~np.isnan(labelled.truth)
    begun = [
        trainings.train(Ordered(request=request, rows=np.flatnonzero(known & (fold_of_row != number))))
        for number in range(FOLDS)
    ]
    models: list[Trained] = [result(future) for future in begun]
    parts = []
    for stretch in range(numbers.start // size, -(-numbers.stop // size)):
        model = models[fold[stretch]]
        outputs = trainings.outputs(model, _within(stretch, size, numbers))
        parts.append(labelled.aligned(outputs, model))
    return np.concatenate(parts), models


def _within(stretch: int, size: int, numbers: range) -> range:
    return range(max(stretch * size, numbers.start), min((stretch + 1) * size, numbers.stop))
