"""What data alone change: the same code trained on two sets of rows, judged on the same untouched holdout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from noria.adapters.lake import visible
from noria.artifact.model import Model
from noria.core.compare import Comparison, compare
from noria.core.quality import Array, primary, score
from noria.core.windows import ALL
from noria.cut import cut
from noria.dataset.report import read
from noria.errors import DataError
from noria.pipeline.measure import aligned, blocks_of
from noria.project.model import Project

Fit = Callable[[pl.DataFrame, str], Model]
"""Trains the project's pipeline on rows, under a name, and returns its model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What the rows of the data version `after` gave over those of `before`.

    `rows` are those that either was trained on; `metrics` by name, before and after; `gain` is in the loss of
    the task's first metric, positive where `after` is better.
    """

    before: int
    after: int
    rows: tuple[int, int]
    holdout_rows: int
    holdout_from: str
    metrics: dict[str, tuple[float, float]]
    gain: Comparison


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """Rows to train on, all of them from before `holdout`, the newest due ones."""

    train: pl.DataFrame
    holdout: pl.DataFrame
    begin: str


def experiment(project: Project, before: int, after: int, fit: Fit, now: datetime) -> Experiment:
    """Train on both data versions, and compare the models on the holdout of the newer one.

    Raises:
        DataError: a version is not there, or both have the same rows before the holdout.
    """
    held = hold_out(project, after, now)
    older = held.train.filter(pl.col("_version") <= before)
    if older.height in (0, held.train.height):
        found = "no row of" if not older.height else "no other rows than"
        raise DataError(
            f"before the holdout from {held.begin}, the data version {after} has {found} version {before}",
            hint="noria data list",
        )
    read(project, before)
    models = fit(older, "before"), fit(held.train, "after")
    (truth, one), (_, other) = (answers(model, held.holdout, project.data.label) for model in models)
    one = aligned(one, models[0].classes, models[1].classes)
    scores = [score(project.task, truth, output) for output in (one, other)]
    return Experiment(
        before=before,
        after=after,
        rows=(older.height, held.train.height),
        holdout_rows=held.holdout.height,
        holdout_from=held.begin,
        metrics={name: (scores[0][name], scores[1][name]) for name in scores[0]},
        gain=gain(project, held.holdout, truth, other, one),
    )


def hold_out(project: Project, version: int, now: datetime) -> Held:
    """Part the rows of a data version whose labels are known, as a run would.

    Raises:
        DataError: there is no such version, or what is known is too little.
    """
    rows = visible(read(project, version).lazy(), now).collect().sort("_time", maintain_order=True)
    due = now - project.data.label_delay if project.data.time else None
    made = cut(rows, project, [ALL], due=due)
    if made.holdout.is_empty():
        raise DataError("train.holdout = 0 holds nothing out to judge by", hint="noria doctor")
    return Held(train=made.stretches[0].train, holdout=made.holdout, begin=made.holdout_from)


def answers(model: Model, holdout: pl.DataFrame, label: str) -> tuple[Array, Array]:
    """Return the truth of a holdout, as the model numbers it, and what the model says."""
    return model.truth(holdout[label]), model.predict(holdout)


def gain(project: Project, holdout: pl.DataFrame, truth: Array, one: Array, other: Array) -> Comparison:
    """Return by how much the loss of `one` is below that of `other`, on the rows of the holdout, by days."""
    return compare(
        primary(project.task),
        truth=truth,
        candidate=one,
        champion=other,
        blocks=blocks_of(holdout["_time"]),
    )
