"""Where new rows depart from what a model expects of them, more than older rows do.

A cell, such as a category, has n rows, of which `o` were observed to be something, and `e` were expected to,
with the variance v. In K stretches of the older rows, a cell's odds differ from what was expected by a factor
exp(d), d ~ N(0, t2): beside chance, what stretches differ by. t2 = sum((o - e)^2 - v) / sum v^2 over all
cells, or the cell's own where that is more by a standard error, sqrt(2 / K) sum v / sum v^2. New rows may
have drifted further: t2 grows by DRIFT^2. A cell of the new rows has z^2 = min over d of d^2 / t2 + the
deviance of o from what is expected at d: the signed root of a penalised likelihood ratio. It is taken
without the quarter of the cell's blocks that are most striking, and one row nearer to what was expected:
some days may have been the weather.
DerSimonian and Laird, Controlled Clinical Trials 1986, for t2; Breslow and Clayton, JASA 1993, for the rest.

>>> four = np.full((2, 4), 4.0)
>>> usual = {"expected": four + 1, "variance": four, "rows": four * 10}
>>> older = Sums(observed=np.array([[8.0, 4.0, 6.0, 3.0], [2.0, 6.0, 5.0, 7.0]]), **usual)
>>> newer = Sums(observed=np.array([[4.0, 7.0, 5.0, 5.0], [20.0, 15.0, 14.0, 16.0]]), **usual)
>>> departures(older, newer, known=0).round(2).tolist()
[0.0, 4.99]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from noria.core.drift.statistic import Numbers, Whole

FEWEST = 20
"""New rows of a cell, without its most striking blocks, that are worth a judgement."""
LEFT = 3
"""So many blocks of these there must be."""
STORMY = 0.25
"""Of a cell's new blocks: the most striking, which are left out."""
DRIFT = 0.2
"""How far log odds drift from older rows to new ones: by a factor of 1.2, as schedules and seasons do."""
KNOWN = 100
"""Older rows of a cell that a model can learn from what to expect there."""
STEPS = 30
"""Of Newton's method, each of one unit at most: enough for odds of e^-30."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """What was observed and expected, its variance, and rows, by cell and part; shape (cells, parts)."""

    observed: Numbers
    expected: Numbers
    variance: Numbers
    rows: Numbers

    def total(self, which: NDArray[np.bool_]) -> Sums:
        """Return the sums over those parts, of the shape (cells, parts); all of the shape (cells,)."""
        each = (self.observed, self.expected, self.variance, self.rows)
        observed, expected, variance, rows = ((one * which).sum(axis=1) for one in each)
        return Sums(observed=observed, expected=expected, variance=variance, rows=rows)


def sums(cells: Whole, parts: Whole, observed: Numbers, chance: Numbers, count: int) -> Sums:
    """Sum n rows by their cell (0 to count - 1) and their part; all of the shape (n,)."""
    wide = int(parts.max()) + 1
    key, size = cells * wide + parts, count * wide

    def total(weights: Numbers | None) -> Numbers:
        return np.bincount(key, weights, size).astype(np.float64).reshape(count, wide)

    variance = total(chance * (1 - chance))
    return Sums(observed=total(observed), expected=total(chance), variance=variance, rows=total(None))


def levelled(observed: Numbers, chance: Numbers, blocks: Whole) -> Numbers:
    """Return the chances with the odds of each block changed such that it has as many as were observed."""
    odds = np.log(np.clip(chance, 1e-6, 1 - 1e-6) / np.clip(1 - chance, 1e-6, 1))
    level = np.zeros(int(blocks.max()) + 1)
    for _ in range(STEPS // 3):
        now = _share(odds + level[blocks])
        more = np.bincount(blocks, observed - now)
        level += np.clip(more / np.maximum(np.bincount(blocks, now * (1 - now)), 1e-9), -1, 1)
    return _share(odds + level[blocks])


def departures(older: Sums, newer: Sums, known: int = KNOWN, drift: float = DRIFT) -> Numbers:
    """Return z of each cell, with its sign; 0 where there are too few rows or blocks to say. Shape (cells,).

    `known` is how many older rows a cell must have, so that its new ones can be judged.
    """
    sign = np.sign((newer.observed - newer.expected).sum(axis=1))
    calm = _calm(newer, sign)
    rest = newer.total(calm)
    nearer = np.maximum(sign * (rest.observed - rest.expected) - 1, 0)
    observed = rest.expected + sign * nearer
    z = sign * np.sqrt(_penalised(observed, rest.expected, rest.rows, _scatter(older) + drift**2))
    enough = (rest.rows >= FEWEST) & (calm.sum(axis=1) >= LEFT) & (older.rows.sum(axis=1) >= known)
    found: Numbers = np.where(enough & (nearer > 0), z, 0.0)
    return found


def _calm(newer: Sums, sign: Numbers) -> NDArray[np.bool_]:
    """Return which blocks have rows, and are not of each cell's most striking ones; shape (cells, blocks)."""
    filled = newer.rows > 0
    more = np.where(filled, sign[:, None] * (newer.observed - newer.expected), -np.inf)
    rank = (-more).argsort(axis=1, kind="stable").argsort(axis=1)
    calm: NDArray[np.bool_] = filled & (rank >= np.ceil(STORMY * filled.sum(axis=1))[:, None])
    return calm


def _scatter(older: Sums) -> Numbers:
    """Return the variance of a stretch's log odds in each cell; shape (cells,)."""
    more = (older.observed - older.expected) ** 2 - older.variance
    squares = (older.variance**2).sum(axis=1)
    by_chance = np.sqrt(2 / older.rows.shape[1]) * older.variance.sum(axis=1)
    own = (more.sum(axis=1) - by_chance) / np.maximum(squares, 1e-9)
    found: Numbers = np.maximum(own, max(1e-9, float(more.sum() / max(squares.sum(), 1e-9))))
    return found


def _penalised(observed: Numbers, expected: Numbers, rows: Numbers, scatter: Numbers) -> Numbers:
    """Return the least of d^2 / scatter and the deviance at d, by Newton's method; all of shape (cells,)."""
    share = np.clip(expected / np.maximum(rows, 1), 1e-9, 1 - 1e-9)
    odds, d = np.log(share / (1 - share)), np.zeros(len(share))
    for _ in range(STEPS):
        now = _share(odds + d)
        slope = d / scatter - (observed - rows * now)
        d -= np.clip(slope / (1 / scatter + rows * now * (1 - now)), -1, 1)
    now = np.clip(_share(odds + d), 1e-12, 1 - 1e-12)
    found: Numbers = d**2 / scatter + 2 * (
        _gap(observed, rows * now) + _gap(rows - observed, rows * (1 - now))
    )
    return np.maximum(found, 0)


def _gap(count: Numbers, expected: Numbers) -> Numbers:
    count = np.maximum(count, 0)
    return count * np.log(np.maximum(count, 1e-12) / np.maximum(expected, 1e-12))


def _share(odds: Numbers) -> Numbers:
    share: Numbers = 1 / (1 + np.exp(-odds))
    return share
