"""Realised quality: what a version's predictions of a day were worth, once their labels are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from noria.core.conformal import misfit
from noria.core.paired import Moments, Paired
from noria.core.quality import Array, Metric, metrics_of
from noria.core.quality.accuracy import ACCURACY, error
from noria.rows import QualityRow

COVERAGE = "coverage"


def realised(
    model: str,
    task: str,
    *,
    day: str,
    version: int,
    role: str,
    predictions: int,
    truth: Array,
    output: Array,
    loss: Metric,
    champion: Array | None = None,
    metrics: Sequence[Metric] | None = None,
    margin: Array | None = None,
) -> QualityRow:
    """Return the quality of so many predictions, of which the n rows of `truth` and `output` are labelled.

    For the shapes of both see `Metric`. `loss` is the metric whose losses are compared, one that has a loss a
    row; `metrics`, by default all of the task, are scored. `champion` is what the champion answered to the
    same n requests, of the shape of `output`, nan where it answered none. `margin` are the n margins that the
    truths were to lie within, nan where none was told: the share of those that do is the metric "coverage".
    """
    wanted = (metrics_of(task) if metrics is None else metrics) if len(truth) else ()
    scores = {metric.name: metric.score(truth, output) for metric in wanted}
    if margin is not None:
        scores[COVERAGE] = _coverage(task, truth, output, margin)
    return QualityRow(
        model=model,
        day=day,
        version=version,
        role=role,
        predictions=predictions,
        rows=len(truth),
        metrics={name: value for name, value in scores.items() if np.isfinite(value)},
        loss=loss.name,
        losses=_moments(loss.losses(truth, output)),
        paired=None if champion is None else _paired(task, loss, truth, output, champion),
    )


def _coverage(task: str, truth: Array, output: Array, margin: Array) -> float:
    """Return the share of the truths that lay within the margins they were told, nan without any."""
    told = ~np.isnan(margin) & np.isfinite(truth)
    return float((misfit(task, truth[told], output[told]) <= margin[told]).mean()) if told.any() else np.nan


def _paired(task: str, loss: Metric, truth: Array, output: Array, champion: Array) -> Paired | None:
    finite = np.isfinite(champion)
    both = finite if finite.ndim == 1 else finite.all(axis=1)
    truth, output, champion = truth[both], output[both], champion[both]
    gains = _moments(loss.losses(truth, champion) - loss.losses(truth, output))
    if gains is None:
        return None
    if task not in ACCURACY.tasks:
        return Paired(gains=gains)
    ours, theirs = error(truth, output), error(truth, champion)
    return Paired(gains=gains, won=int((ours < theirs).sum()), lost=int((ours > theirs).sum()))


def _moments(values: Array) -> Moments | None:
    """Return None for no values, or where one is no finite number: what is not a number never passes."""
    if not len(values) or not np.isfinite(values).all():
        return None
    return Moments(rows=len(values), mean=float(values.mean()), variance=float(values.var()))
