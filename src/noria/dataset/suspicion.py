"""The segments of new rows whose labels are not those that the older rows let expect.

A plain model of the older rows says what to expect of each new row; the older rows' own out-of-fold answers
say how far a segment usually lies from that. Segments are the values of each feature and of the source, and
of each pair of which one is a category. What all rows of a day share is nobody's: it may be the weather.
Sources are held against each other on the same days: there, nothing drifts, and no history is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from math import erfc, sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.core.drift.discovery import adjusted
from noria.core.drift.statistic import Numbers, Whole
from noria.core.excess import DRIFT, KNOWN, Sums, departures, levelled, sums
from noria.dataset.examples import SOURCE, Examples
from noria.dataset.out_of_fold import chances, out_of_fold, stretches

FOLDS, STRETCHES = 4, (5, 20)
UNLIKELY = 0.1
"""A label is unlikely to which the model of the older rows gives less than this."""
BINS = 4
BLOCKS = 20
"""Blocks of rows that have an order and no time."""
HALVED = 10
"""With so many blocks of new rows, their halves are looked at too: labels may be turned for some days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A segment where new `rows` have `excess` labels of a kind (`what`) beyond what was to be expected.

    `z` is in standard deviations of what stretches of older rows differ by; `p` is adjusted for all looks.
    """

    what: str
    segment: str
    z: float
    excess: float
    rows: int
    p: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Parting:
    """A way to part n rows: the number of each row's cell, of the shape (n,), and the cells' names.

    One by source needs no older rows: the others of the same days say what to expect.
    """

    cells: Whole
    names: list[str]
    is_category: bool
    by_source: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """n rows: which are new, the block of each, and the number of the stretch of each older one.

    `windows` are the new rows as a whole, and their halves.
    """

    is_new: NDArray[np.bool_]
    block: Whole
    stretch: Whole
    windows: list[NDArray[np.bool_]]

    def looks(self, parting: _Parting, observed: Numbers, chance: Numbers) -> Iterator[tuple[Numbers, Sums]]:
        """Yield, for each window, how striking each cell is, and the sums of its new rows."""
        old, count = ~self.is_new, len(parting.names)
        older = sums(parting.cells[old], self.stretch, observed[old], chance[old], count)
        known, drift = (0, 0.0) if parting.by_source else (KNOWN, DRIFT)
        for window in self.windows:
            block = self.block[window] - self.block[window].min()
            newer = sums(parting.cells[window], block, observed[window], chance[window], count)
            yield departures(older, newer, known, drift), newer


def suspects(known: Examples, is_new: NDArray[np.bool_]) -> list[Suspect]:
    """Return every segment that was looked at, the most striking first; `is_new` has the shape (n,).

    Segments of one feature and of two are two families, each with a false discovery rate of its own.
    """
    seen = _seen(known, is_new)
    expected, single = _expected(known, is_new), _single(known, is_new)
    families: list[list[_Parting]] = [single, [*_pairs(single)]]
    found = [one for family in families for one in _looked(known, expected, seen, family)]
    return sorted(found, key=lambda one: (one.p, -abs(one.z)))


def _looked(known: Examples, expected: Numbers, seen: _Seen, family: list[_Parting]) -> list[Suspect]:
    found = []
    for what, observed, chance in _kinds(known, expected):
        level = levelled(observed, chance, seen.block)
        for parting in family:
            for z, newer in seen.looks(parting, observed, level):
                excess, rows = (newer.observed - newer.expected).sum(axis=1), newer.rows.sum(axis=1)
                for cell in np.flatnonzero(z):
                    found.append((what, parting.names[cell], z[cell], excess[cell], rows[cell]))
    p = adjusted(np.array([erfc(abs(z) / sqrt(2)) for *_, z, _, _ in found])) if found else ()
    return [
        Suspect(what=what, segment=segment, z=float(z), excess=float(excess), rows=int(rows), p=float(each))
        for (what, segment, z, excess, rows), each in zip(found, p, strict=True)
    ]


def _seen(known: Examples, is_new: NDArray[np.bool_]) -> _Seen:
    old, new = int((~is_new).sum()), int(is_new.sum())
    block, parts = _blocks(known.rows), np.full(len(is_new), -1)
    parts[is_new] = stretches(new, 2)
    halves = [parts == 0, parts == 1] if len(np.unique(block[is_new])) >= HALVED else []
    return _Seen(
        is_new=is_new,
        block=block,
        stretch=stretches(old, int(np.clip(old // max(new, 1), *STRETCHES))),
        windows=[is_new, *halves],
    )


def _expected(known: Examples, is_new: NDArray[np.bool_]) -> Numbers:
    """Return the probability of each class for each row, never from a model that has learnt from it."""
    older = replace(
        known,
        rows=known.rows.filter(~is_new),
        values=known.values[~is_new],
        labels=known.labels[~is_new],
    )
    expected = np.empty((len(known.labels), len(known.classes)))
    expected[~is_new] = out_of_fold(older, stretches(len(older.labels), FOLDS))
    expected[is_new] = chances(known, ~is_new, known.values[is_new])
    return expected


def _kinds(known: Examples, expected: Numbers) -> Iterator[tuple[str, Numbers, Numbers]]:
    """Yield what may be too many: each class, and unlikely labels; if they are there, and their chance."""
    observed = np.eye(len(known.classes))[known.labels]
    for number in range(1 if len(known.classes) == 2 else 0, len(known.classes)):
        yield f"labels {known.classes[number]}", observed[:, number], expected[:, number]
    unlikely = expected < UNLIKELY
    yield "unlikely labels", (observed * unlikely).sum(axis=1), (expected * unlikely).sum(axis=1)


def _single(known: Examples, is_new: NDArray[np.bool_]) -> list[_Parting]:
    """Return the partings by one feature: by category, or by quarters of the older rows' numbers."""
    found = [replace(_by_category(known.rows[SOURCE], "source"), by_source=True)]
    for index, (name, kind) in enumerate(known.features.items()):
        if kind == "category":
            found.append(_by_category(known.rows[name], name))
        else:
            found.append(_by_number(known.values[:, index], name, is_new))
    return [parting for parting in found if len(parting.names) > 1]


def _by_category(column: pl.Series, name: str) -> _Parting:
    texts = column.cast(pl.String).fill_null("(missing)")
    names = texts.unique().sort()
    cells = texts.cast(pl.Enum(names)).to_physical().cast(pl.Int64).to_numpy()
    return _Parting(cells=cells, names=[f"{name} = {value}" for value in names], is_category=True)


def _by_number(values: Numbers, name: str, is_new: NDArray[np.bool_]) -> _Parting:
    older = values[~is_new & np.isfinite(values)]
    edges = np.unique(np.quantile(older, np.arange(1, BINS) / BINS)) if len(older) else np.array([])
    cells = np.where(np.isnan(values), 0, np.searchsorted(edges, values, side="right") + 1)
    ends = ["", *(f"{edge:g}" for edge in edges), ""]
    words = [f"{low} <= {name} < {high}" for low, high in pairwise(ends)]
    names = [f"{name} missing", *(text.removeprefix(" <= ").removesuffix(" < ") for text in words)]
    return _Parting(cells=cells.astype(np.int64), names=names, is_category=False)


def _pairs(single: list[_Parting]) -> Iterator[_Parting]:
    """Yield the partings by two features; two numbers are left out: in them, weather is hard to tell."""
    for one, other in combinations(single, 2):
        if one.is_category or other.is_category:
            yield _Parting(
                cells=one.cells * len(other.names) + other.cells,
                names=[f"{first}, {second}" for first in one.names for second in other.names],
                is_category=one.is_category and other.is_category,
                by_source=one.by_source or other.by_source,
            )


def _blocks(rows: pl.DataFrame) -> Whole:
    """Return the block of each row, from 0 on: its day, or its stretch where there is only an order."""
    if rows["_time"].dtype.is_temporal():
        days: Whole = rows["_time"].dt.epoch("d").to_numpy().astype(np.int64)
        return days - int(days.min())
    return stretches(rows.height, BLOCKS)
