"""How many rows each label has, over time; and which values have too few to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from noria.dataset.examples import Examples
from noria.dataset.out_of_fold import stretches

RARE = 50
"""Fewer rows than this say next to nothing about a value or a class."""
PERIODS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of the rows, from the time of its first one, and the share (0 to 1) of each class in it."""

    begin: str
    rows: int
    shares: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A value of a column with too few rows to learn it from; `lacking` are classes that it never has."""

    column: str
    value: str
    rows: int
    lacking: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The rows of each class, of the whole and by time, and the classes with too few of them."""

    classes: dict[str, int]
    rare: tuple[str, ...]
    periods: tuple[Period, ...]


def balance(known: Examples) -> Balance:
    """Return how the classes are spread, in up to twelve stretches of as many rows."""
    labels = pl.DataFrame({"label": [known.classes[number] for number in known.labels]})
    counts = {name: int((labels["label"] == name).sum()) for name in known.classes}
    parts = labels.with_columns(
        period=pl.Series(stretches(labels.height, PERIODS)), time=known.rows["_time"].cast(pl.String)
    )
    return Balance(
        classes=counts,
        rare=tuple(name for name, count in counts.items() if count < RARE),
        periods=tuple(_period(part) for part in parts.partition_by("period", maintain_order=True)),
    )


def gaps(known: Examples) -> tuple[Gap, ...]:
    """Return the values of categories that are too rare, or lack a class, the rarest first."""
    labels = pl.Series([known.classes[number] for number in known.labels])
    rows = known.rows.with_columns(_label=labels)
    names = [name for name, kind in known.features.items() if kind == "category"]
    found = [gap for name in names for gap in _gaps(rows, name, known.classes)]
    return tuple(sorted(found, key=lambda gap: (gap.rows, gap.column, gap.value)))


def _gaps(rows: pl.DataFrame, column: str, classes: tuple[str, ...]) -> list[Gap]:
    seen = rows.group_by(pl.col(column).cast(pl.String)).agg(pl.len(), pl.col("_label").unique())
    return [
        Gap(
            column=column,
            value=str(value),
            rows=count,
            lacking=tuple(name for name in classes if name not in labels),
        )
        for value, count, labels in seen.iter_rows()
        if count < RARE or len(labels) < len(classes)
    ]


def _period(part: pl.DataFrame) -> Period:
    shares: Mapping[str, int] = dict(part["label"].value_counts().iter_rows())
    return Period(
        begin=str(part["time"][0])[:10],
        rows=part.height,
        shares={name: round(count / part.height, 4) for name, count in sorted(shares.items())},
    )
