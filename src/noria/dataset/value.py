"""What sources and rows are worth: which helped the newest rows, and which hurt.

A source is worth what the model loses without it: the pipeline is trained again without its rows. A row is
worth its Shapley value in a vote of nearest neighbours, see `noria.core.knn_shapley`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from noria.core.compare import Comparison
from noria.core.drift.statistic import Numbers
from noria.core.knn_shapley import knn_shapley
from noria.dataset.examples import Examples, examples
from noria.dataset.experiment import Fit, Held, answers, gain
from noria.dataset.label_errors import SHOWN
from noria.errors import DataError
from noria.pipeline.measure import aligned
from noria.project.model import Project

SOURCES = 12
"""The most sources that are valued, those with the most rows: each is a training."""
MOST, JUDGES = 20_000, 500
"""The newest rows that are valued one by one, and how many of the holdout value them."""
MONTH = "month"
OWN = {"source": "_source", "version": "_version"}
"""Ways to part the rows beside the columns of the schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source with its `rows` to train on. `gain` is the loss that it spares: below 0, it hurts."""

    source: str
    rows: int
    gain: Comparison

    @property
    def verdict(self) -> str:
        """What its interval says: helps, hurts, or unclear."""
        return "helps" if self.gain.low > 0 else "hurts" if self.gain.high < 0 else "unclear"


def sources(project: Project, held: Held, by: str, fit: Fit) -> tuple[Source, ...]:
    """Return what each source is worth to the holdout, the worst first.

    `by` is a column, "month", "version", or "source": the file, or who told the label.

    Raises:
        DataError: there is no such column, or all rows have the same value.
    """
    rows = held.train.with_columns(_by=_parting(held.train, by).cast(pl.String).fill_null("(not known)"))
    counts = rows["_by"].value_counts(sort=True)
    if counts.height < 2:
        said = f"--by {by}: all {rows.height} rows have {counts['_by'][0]}, so there is nothing to compare"
        raise DataError(said, hint="noria data value --help")
    whole = fit(rows.drop("_by"), "all")
    truth, output = answers(whole, held.holdout, project.data.label)
    found = []
    for number, (name, count) in enumerate(counts.head(SOURCES).iter_rows()):
        without = fit(rows.filter(pl.col("_by") != name).drop("_by"), f"without-{number}")
        other = aligned(without.predict(held.holdout), without.classes, whole.classes)
        found.append(Source(source=name, rows=count, gain=gain(project, held.holdout, truth, output, other)))
    return tuple(sorted(found, key=lambda one: one.gain.gain))


def worst_rows(project: Project, held: Held, features: dict[str, str]) -> tuple[dict[str, Any], ...]:
    """Return the rows that hurt most, the worst first, each with its `value`; none if no row hurts."""
    valued, values = row_values(project, held, features)
    worst = [index for index in np.argsort(values, kind="stable")[:SHOWN] if values[index] < 0]
    return tuple({"value": float(values[i]), **valued.rows.row(int(i), named=True)} for i in worst)


def row_values(project: Project, held: Held, features: dict[str, str]) -> tuple[Examples, Numbers]:
    """Return the newest rows to train on, and the value of each to rows of the holdout; shape (n,)."""
    judges = held.holdout.sample(min(held.holdout.height, JUDGES), seed=0)
    parts = [held.train.tail(MOST).with_columns(_judge=False), judges.with_columns(_judge=True)]
    both = examples(pl.concat(parts, how="diagonal_relaxed"), features, project.data, project.task)
    judge, places = both.rows["_judge"].to_numpy(), _places(both)
    valued = Examples(
        rows=both.rows.filter(~judge).drop("_judge"),
        features=both.features,
        values=both.values[~judge],
        labels=both.labels[~judge],
        classes=both.classes,
    )
    return valued, knn_shapley(places[~judge], valued.labels, places[judge], both.labels[judge])


def _parting(rows: pl.DataFrame, by: str) -> pl.Expr:
    if by == MONTH and rows["_time"].dtype.is_temporal():
        return pl.col("_time").dt.strftime("%Y-%m")
    name = by if by in rows.columns else OWN.get(by, by)
    if name in rows.columns:
        return pl.col(name)
    columns = [column for column in rows.columns if not column.startswith("_")]
    allowed = ", ".join([*OWN, MONTH, *columns])
    raise DataError(f"--by: found {by!r}; allowed: {allowed}", hint="noria data value --help")


def _places(known: Examples) -> Numbers:
    """Return the examples as points: numbers in standard deviations, categories as corners; shape (n, d)."""
    columns = []
    for index, kind in enumerate(known.features.values()):
        values = known.values[:, index]
        if kind == "category":
            codes = np.where(np.isnan(values), -1, values)
            columns += [(codes == code) / np.sqrt(2) for code in np.unique(codes)]
        else:
            spread = np.nanstd(values) if np.isfinite(values).any() else 0.0
            scaled = (values - np.nanmean(values)) / spread if spread else np.zeros(len(values))
            columns.append(np.clip(np.nan_to_num(scaled), -4, 4))
    return np.stack(columns, axis=1).astype(np.float64)
