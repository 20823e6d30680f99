"""Where new rows depart from what a model expects of them, more than older rows do.

A row's residual is what was observed less what was expected, of variance v. In each cell, such as a category,
R is the sum of the residuals of n rows. In K stretches of the older rows, R has the variance sum v + t2 n^2:
beside chance, what stretches differ by. t2 = sum(R^2 - sum v) / sum n^2, over all cells, or the cell's own
where that is more by a standard error, sqrt(2 / K) sum v / sum n^2. A cell of the new rows has
z = (|R| - 1) / sqrt(sum v + t2 n^2 + 1), without its most striking block: one day may have been the weather.
DerSimonian and Laird, Controlled Clinical Trials 1986, for t2.

>>> nine, rows = np.full((2, 2), 9.0), np.full((2, 2), 60)
>>> older = Sums(residual=np.array([[3.0, -2.0], [-4.0, 2.0]]), variance=nine, rows=rows)
>>> newer = Sums(residual=np.array([[2.0, -1.0], [20.0, 15.0]]), variance=nine, rows=rows)
>>> departures(older, newer).round(2).tolist()  # 15 is left of 35: 14 / sqrt(9 + 1)
[0.0, 4.43]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from noria.core.drift.statistic import Numbers, Whole

FEWEST = 20
"""New rows of a cell, without its most striking block, that are worth a judgement."""
KNOWN = 100
"""Older rows of a cell that a model can learn from what to expect there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """Residuals, their variances, and rows, summed by cell and stretch (or block); shape (cells, parts)."""

    residual: Numbers
    variance: Numbers
    rows: Whole


def sums(cells: Whole, parts: Whole, residual: Numbers, variance: Numbers, count: int) -> Sums:
    """Sum n rows by their cell (0 to count - 1) and their part; all of the shape (n,)."""
    wide = int(parts.max()) + 1
    key, size = cells * wide + parts, count * wide

    def total(weights: Numbers | None) -> Numbers:
        return np.bincount(key, weights, size).astype(np.float64).reshape(count, wide)

    rows = total(None).astype(np.int64)
    return Sums(residual=total(residual), variance=total(variance), rows=rows)


def centred(residual: Numbers, variance: Numbers, blocks: Whole) -> Numbers:
    """Return the residuals without what all rows of a block share, in proportion to their variances."""
    shift = np.bincount(blocks, residual) / np.maximum(np.bincount(blocks, variance), 1e-9)
    return residual - variance * shift[blocks]


def departures(older: Sums, newer: Sums, known: int = KNOWN) -> Numbers:
    """Return z of each cell, with its sign; 0 where there are too few rows to say. Shape (cells,).

    `known` is how many older rows a cell must have, so that its new ones can be judged.
    """
    more = older.residual**2 - older.variance
    squares = (older.rows.astype(np.float64) ** 2).sum(axis=1)
    by_chance = np.sqrt(2 / older.rows.shape[1]) * older.variance.sum(axis=1)
    own = (more.sum(axis=1) - by_chance) / np.maximum(squares, 1)
    scatter = np.maximum(own, max(0.0, more.sum() / max(squares.sum(), 1)))
    total = newer.residual.sum(axis=1)
    striking = (np.sign(total)[:, None] * newer.residual).argmax(axis=1)
    rest, variance, rows = (_without(each, striking) for each in (newer.residual, newer.variance, newer.rows))
    beyond = np.maximum(np.abs(rest) - 1, 0) * (np.sign(rest) == np.sign(total))
    z: Numbers = np.sign(total) * beyond / np.sqrt(variance + scatter * rows**2 + 1)
    return np.where((rows >= FEWEST) & (older.rows.sum(axis=1) >= known), z, 0.0)


def _without(each: Numbers | Whole, striking: NDArray[np.intp]) -> Numbers:
    found: Numbers = each.sum(axis=1) - each[np.arange(len(each)), striking]
    return found
