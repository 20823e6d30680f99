"""A column cut into slices: its values, or ranges of about as many rows each where it has many numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

RANGES = 5
FEW = 12
"""Numbers with at most so many values are cut into these."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slicing:
    """`names` are the slices' and `codes`, of shape (n,), say which one each row is in; -1: in none."""

    names: tuple[str, ...]
    codes: NDArray[np.int64]


def slicing(column: pl.Series, most: int | None = None) -> Slicing:
    """Return the slices of a column; what is missing is one of them. `most` keeps the most frequent ones."""
    if column.dtype.is_numeric() and column.n_unique() > FEW:
        return _ranges(column)
    values = column.cast(pl.String).fill_null("missing")
    known = values.value_counts(sort=True)[column.name].head(most or len(values)).to_list()
    numbers = {value: number for number, value in enumerate(known)}
    codes = values.replace_strict(numbers, default=-1, return_dtype=pl.Int64).to_numpy()
    return Slicing(names=tuple(f"{column.name} = {value}" for value in known), codes=codes)


def crossed(one: Slicing, other: Slicing) -> Slicing:
    """Return the slices that two columns make together."""
    codes = one.codes * len(other.names) + other.codes
    return Slicing(
        names=tuple(f"{first} and {second}" for first in one.names for second in other.names),
        codes=np.where((one.codes < 0) | (other.codes < 0), -1, codes),
    )


def _ranges(column: pl.Series) -> Slicing:
    values = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    missing = np.isnan(values)
    known = values[~missing]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, RANGES + 1)))
    codes = np.searchsorted(edges[1:-1], values, side="right")
    names = [f"{column.name} {low:.4g} to {high:.4g}" for low, high in pairwise(edges)]
    return Slicing(names=(*names, f"{column.name} = missing"), codes=np.where(missing, len(names), codes))
