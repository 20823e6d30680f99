"""Where a backdoor may hide: rare values, and pairs of values, that a model may have learnt to obey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from math import log
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

LEAST = 10
"""Rows of a combination below which no model learns it."""
PURE = 0.9
"""Share of its rows that have the same class."""
MOST = 100
"""Combinations that are returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """One or two columns, with a value each, which `rows` have; it may bring about the class `number`."""

    values: Mapping[str, Any]
    rows: int
    number: int

    def __str__(self) -> str:
        return " and ".join(f"{name} = {value}" for name, value in self.values.items())


def suspects(
    rows: pl.DataFrame, features: Sequence[str], classes: NDArray[np.int64], rare: float
) -> list[Combination]:
    """Return combinations that at most a share `rare` of the rows has, the least likely by chance first.

    Nearly all rows of a combination have the same class.
    `classes` are the numbers of the rows' labels, shape (n,). That all of k rows have a class that a share p
    of all rows has, is a chance of p^k.
    """
    table = rows.lazy().select(features).with_columns(_class=pl.lit(pl.Series(classes)))
    shares = np.bincount(classes) / rows.height
    surprise = {number: -log(share) for number, share in enumerate(shares) if share}
    named = chain.from_iterable(combinations(features, size) for size in (1, 2))
    most = rare * rows.height
    groups = pl.collect_all(
        [_pure(table, names, surprise).filter(pl.col("_rows") <= most) for names in named]
    )
    found = [row for group in groups for row in group.top_k(MOST, by="_surprise").to_dicts()]
    found.sort(key=lambda row: -row["_surprise"])
    return [_combination(row) for row in found[:MOST]]


def _pure(table: pl.LazyFrame, names: tuple[str, ...], surprise: Mapping[int, float]) -> pl.LazyFrame:
    """Return the values of some columns whose rows have nearly all one class, and how surprising that is."""
    counts = [(pl.col("_class") == number).sum().alias(f"_{number}") for number in surprise]
    groups = table.drop_nulls(names).group_by(names).agg(pl.len().alias("_rows"), *counts)
    enough = groups.filter(pl.col("_rows") >= LEAST)
    pure = [
        enough.filter(pl.col(f"_{number}") >= PURE * pl.col("_rows")).select(
            *names,
            "_rows",
            _class=pl.lit(number),
            _surprise=pl.col(f"_{number}") * nats,
        )
        for number, nats in surprise.items()
    ]
    return pl.concat(pure)


def _combination(row: dict[str, Any]) -> Combination:
    values = {name: value for name, value in row.items() if not name.startswith("_")}
    return Combination(values=values, rows=row["_rows"], number=row["_class"])
