"""What shows a failure again: requests of its time that the version failed, and the one before did not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.artifact.model import Model
from noria.core.compare import compare
from noria.core.quality import Array, Metric
from noria.delta import DTYPES, Table
from noria.errors import DataError
from noria.model_tests.failure import Failure
from noria.outcomes import counting, newest_labels, stored
from noria.project.model import Project
from noria.project.table import TableSchema

MOST = 200
"""Rows that are kept, those with the highest loss."""
DAYS = 3
"""Of so many days on, the unit is the day, see `noria.core.gain`; of fewer, the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """`rows` hold an `id`, `at`, the features and the label.

    `failing` and `before` are the mean losses on them of the version that failed and of the one before;
    None where the version that failed has no finite answer to any of them.
    """

    rows: pl.DataFrame
    failing: float | None = None
    before: float | None = None

    @property
    def bar(self) -> float:
        """The loss that is allowed: halfway between the two."""
        assert self.failing is not None
        assert self.before is not None
        return (self.failing + self.before) / 2


def exhibit(project: Project, schema: TableSchema, failure: Failure, failed: Model, before: Model) -> Exhibit:
    """Return the rows of a failure's time that show it best.

    Those to which the version has no finite answer, where there are any; else the labelled ones on which
    its loss was highest, provided that it is worse than the version before on all of them together.

    Raises:
        DataError: the predictions of that time do not show it; the message says what is missing.
    """
    rows = predictions(project, schema, failure)
    silent = ~answers(failed, rows) & answers(before, rows)
    if silent.any():
        return Exhibit(rows=rows.filter(pl.Series(silent)).head(MOST))
    label = project.data.label
    rows = rows.drop_nulls(label)
    if rows.height < 2:
        raise _inconclusive(failure, f"{rows.height} predictions of that time have a label")
    output, other = failed.predict(rows), before.predict(rows)
    _check_worse(project.loss, failure, rows, failed.truth(rows[label]), output, other)
    losses = project.loss.losses(failed.truth(rows[label]), output)
    worst = np.argsort(-losses, kind="stable")[:MOST]
    theirs = project.loss.losses(before.truth(rows[label]), other)
    return Exhibit(rows=rows[worst], failing=float(losses[worst].mean()), before=float(theirs[worst].mean()))


def predictions(project: Project, schema: TableSchema, failure: Failure) -> pl.DataFrame:
    """Return the predictions between the beginning and the end of a failure, each request once, with labels.

    Raises:
        DataError: there are none.
    """
    lake = project.home / "lake"
    table = Table(lake / "predictions", by_day=True)
    asked = table.scan({day for day in table.days() if failure.begin.date() <= day <= failure.end.date()})
    if not asked.collect_schema():
        raise _inconclusive(failure, "there are no predictions")
    label, names = project.data.label, project.data.features
    in_time = asked.filter(pl.col("at").is_between(failure.begin, failure.end))
    said = _labels(lake, asked)
    kind = DTYPES[schema.column(label).kind]
    rows = (
        in_time.sort("at", "id")
        .unique("id", keep="first", maintain_order=True)
        .join(said, on="id", how="left")
    )
    known = rows.collect_schema().names()
    features = [_column(stored(name), known).alias(name) for name in names]
    found = rows.select(
        "id", "at", *features, pl.col("label").cast(kind, strict=False).alias(label)
    ).collect()
    if found.is_empty():
        raise _inconclusive(failure, "there are no predictions of that time")
    return found


def answers(model: Model, rows: pl.DataFrame) -> NDArray[np.bool_]:
    """Return for each row whether the model has a finite answer; shape (n,)."""
    try:
        finite = np.isfinite(model.predict(rows)).reshape(rows.height, -1)
        return np.asarray(finite.all(axis=1))
    except Exception:  # whatever a model raises: it has no answer to one of the rows
        if rows.height == 1:
            return np.array([False])
        half = rows.height // 2
        return np.concatenate([answers(model, rows[:half]), answers(model, rows[half:])])


def _labels(lake: Path, asked: pl.LazyFrame) -> pl.LazyFrame:
    labels = Table(lake / "labels", by_day=True).scan()
    if not labels.collect_schema():
        return pl.LazyFrame(schema={"id": pl.String(), "label": pl.Float64()})
    counted = counting(labels, Table(lake / "holds").scan())
    return newest_labels(counted, asked).select("id", "label")


def _column(name: str, known: list[str]) -> pl.Expr:
    return pl.col(name) if name in known else pl.lit(None)


def _check_worse(
    loss: Metric, failure: Failure, rows: pl.DataFrame, truth: Array, output: Array, other: Array
) -> None:
    """Raise DataError unless the version is worse than the one before, beyond chance, on all the rows."""
    days = rows["at"].dt.epoch("d").to_numpy().astype(np.int64)
    blocks = days if len(np.unique(days)) >= DAYS else np.arange(rows.height)
    found = compare(loss, truth=truth, candidate=output, champion=other, blocks=blocks, confidence=0.9)
    if not found.high < 0:
        gain = f"{found.gain:+.4f} ({found.low:+.4f} to {found.high:+.4f})"
        said = f"on the {rows.height:,} labelled predictions of that time it is not proven worse than version"
        raise _inconclusive(failure, f"{said} {failure.before}: {loss.name} {gain}")


def _inconclusive(failure: Failure, why: str) -> DataError:
    return DataError(
        f"{failure.rollout} failed from {failure.begin:%Y-%m-%d %H:%M} to {failure.end:%Y-%m-%d %H:%M}: "
        f"{failure.reason}. That is not shown by what version {failure.version} answered: {why}",
        hint="noria ledger",
    )
