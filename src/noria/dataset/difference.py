"""What is different between two data versions: rows, columns, distributions and labels."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from noria.core.drift.clustered import Difference as Shift
from noria.core.drift.clustered import difference as compared
from noria.core.drift.discovery import adjusted
from noria.core.drift.statistic import Whole

DISCOVERIES = 0.05
"""The share of false ones among the columns that are said to differ, at most."""
BINS = 10
BLOCKS = 20
"""Blocks of rows that have an order and no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A column whose values differ beyond chance: which of them most, and its share before and after.

    `p` is adjusted for the number of columns.
    """

    column: str
    what: str
    before: float
    after: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """From the data version `before` to `after`. `columns` says what became of columns and categories."""

    before: int
    after: int
    added: int
    removed: int
    columns: tuple[str, ...]
    moved: tuple[Moved, ...]


def difference(
    rows: pl.DataFrame, kinds: Mapping[str, str], before: int, after: int, removed: int
) -> Difference:
    """Compare the rows up to the data version `before` with those that came until `after`.

    `rows` are those of `after`; `kinds` says of each column to compare whether it is a number or a category.
    Rows of one day share their world, so the day is the unit of the comparison.
    """
    is_new = pl.col("_version") > before
    old, new = rows.filter(~is_new), rows.filter(is_new)
    moved: list[Moved] = []
    if old.height and new.height:
        found = {name: _compare(old, new, name, kind) for name, kind in kinds.items()}
        p = adjusted(np.array([shift.p for _, shift in found.values()]))
        moved = [
            Moved(column=name, what=what, before=shift.before, after=shift.after, p=float(each))
            for (name, (what, shift)), each in zip(found.items(), p, strict=True)
            if each <= DISCOVERIES
        ]
    return Difference(
        before=before,
        after=after,
        added=new.height,
        removed=removed,
        columns=tuple(_columns(old, new, kinds)),
        moved=tuple(sorted(moved, key=lambda one: -abs(one.after - one.before))),
    )


def _columns(old: pl.DataFrame, new: pl.DataFrame, kinds: Mapping[str, str]) -> list[str]:
    """Return a sentence for each column that came or went, and for the categories that came."""
    if not (old.height and new.height):
        return []
    said = []
    for name, kind in kinds.items():
        had, has = (not frame[name].is_null().all() for frame in (old, new))
        if had != has:
            said.append(f"{name}: {'has no value any more' if had else 'had no value before'}")
        elif kind == "category":
            fresh = set(new[name].drop_nulls().cast(pl.String)) - set(old[name].drop_nulls().cast(pl.String))
            said += [f"{name}: new are {', '.join(sorted(fresh))}"] if fresh else []
    return said


def _compare(old: pl.DataFrame, new: pl.DataFrame, name: str, kind: str) -> tuple[str, Shift]:
    """Return which share of a column differs most, in words, and by how much."""
    if kind == "category":
        values = pl.concat([old[name], new[name]]).cast(pl.String).fill_null("(missing)")
        names = values.unique().sort()
        codes = values.cast(pl.Enum(names)).to_physical().cast(pl.Int64).to_numpy()
        words = [f"{name} = {value}" for value in names]
    else:
        numbers = pl.concat([old[name].cast(pl.Float64), new[name].cast(pl.Float64)])
        edges = (
            np.unique(np.quantile(numbers.drop_nulls(), np.linspace(0, 1, BINS + 1)[1:-1]))
            if (numbers.null_count() < len(numbers))
            else np.array([])
        )
        filled = numbers.fill_null(float("nan")).to_numpy()
        codes = np.where(np.isnan(filled), 0, np.searchsorted(edges, filled, side="left") + 1)
        words = [f"{name} is missing", *_ranges(name, edges)]
    sides = (codes[: old.height], codes[old.height :])
    counts = [
        _counts(side, _blocks(frame["_time"]), len(words))
        for side, frame in zip(sides, (old, new), strict=True)
    ]
    shift = compared(*counts)
    return words[shift.value], shift


def _ranges(name: str, edges: np.ndarray) -> list[str]:
    if not len(edges):
        return [f"{name} is there"]
    between = [f"{name} in {low:g} to {high:g}" for low, high in itertools.pairwise(edges)]
    return [f"{name} up to {edges[0]:g}", *between, f"{name} above {edges[-1]:g}"]


def _counts(codes: Whole, blocks: Whole, values: int) -> Whole:
    """Return how often each value stands in each block; shape (blocks, values)."""
    numbers, index = np.unique(blocks, return_inverse=True)
    counts: Whole = np.bincount(index * values + codes, minlength=len(numbers) * values)
    return counts.reshape(len(numbers), values)


def _blocks(times: pl.Series) -> Whole:
    """Return the block of each row: its day, or its stretch where there is only an order."""
    if times.dtype.is_temporal():
        return times.dt.epoch("d").to_numpy().astype(np.int64)
    order = times.rank("ordinal").to_numpy().astype(np.int64) - 1
    return order * BLOCKS // max(len(times), 1)
