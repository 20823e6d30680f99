"""How far a column's blocks lie from its reference where nothing drifts, learnt from the reference itself.

Rows are not independent: the flights of a day share its weather. So the yardstick is the day. Each block of
the reference is held against the others; what its distance has beyond the chance of its rows is what days
differ by themselves. A new day may lie as far as these blocks do, whatever its number of rows.

The logarithm of a day's divergence is taken for normal, with the mean and the variance that follow, and as
both are known from so many blocks only, it is judged by Student's t. Its tail reaches below 1 / (blocks + 1),
where ranks end; a gamma's ends too soon for storms and holidays (decision 16).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, log1p, sqrt

import numpy as np
from numpy.typing import NDArray

from noria.core.drift.statistic import Numbers, Statistic, together

Whole = NDArray[np.int64]

FEWEST = 14
"""Blocks that a threshold needs: two weeks of days."""
NEAR = 6
"""Days to each side of a block that tell nothing about it: they share its weather."""
OF_A_WEEKDAY = 4
"""Blocks of each weekday that a column needs to be compared with its own weekday."""
TAIL = 0.05
"""The probability with which a block that did not drift lies beyond its limit, unless told otherwise."""
NOTHING = 1e-12
"""The divergence that counts for none, which has no logarithm."""
CLOSER = 0.8
"""The share of its divergence that a column keeps at most, if the weekday is to matter."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """A block held against its reference: its distance from 0 to 1, how far it may be, and how rare that is.

    `p` is the probability of this distance or more where nothing drifts.
    """

    distance: float
    limit: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Threshold:
    """What is usual for a column. `centres` are the counts of its reference: of all days or each weekday.

    Blocks of `rows` rows differ by themselves by a divergence `between` that has the variance `scatter`;
    that much is known from what is worth so many independent `blocks`.
    """

    statistic: Statistic
    centres: Numbers
    between: float
    scatter: float
    rows: float
    blocks: float

    @property
    def seasonal(self) -> bool:
        return len(self.centres) > 1

    def centre(self, weekday: int) -> Numbers:
        """Return the counts that a block of this weekday (0 is Monday) is compared with; shape (bins,)."""
        centre: Numbers = self.centres[weekday % len(self.centres)]
        return centre

    def judge(self, counts: Whole, weekday: int = 0, tail: float = TAIL) -> Judged:
        """Return how far a block with these counts, of the shape (bins,), is from its reference.

        Without drift, it lies beyond the limit with the probability `tail`.
        """
        from scipy.special import stdtr, stdtrit

        centre = self.centre(weekday)
        apart = float(self.statistic.divergence(counts, centre))
        usual, spread, bias = self._usual(float(counts.sum()), centre)
        degrees = max(self.blocks - 1, 1)
        beyond = (log(max(apart - bias, NOTHING)) - usual) / spread
        farthest = exp(usual - spread * float(stdtrit(degrees, tail))) + bias
        return Judged(
            distance=sqrt(apart), limit=sqrt(min(max(farthest, 0), 1)), p=float(stdtr(degrees, -beyond))
        )

    def _usual(self, rows: float, centre: Numbers) -> tuple[float, float, float]:
        """Return mean and standard deviation of the logarithm, and what a divergence has that is not usual.

        More rows than the blocks had make a day no surer, only less by chance: how such days differ was
        never seen.
        """
        seen = together(np.array(rows), centre.sum())
        by_chance, _ = self.statistic.chance(centre, seen)
        counted, variance = self.statistic.chance(centre, np.minimum(seen, self.rows))
        mean = float(counted + self.between)
        total = float(_with_between(counted, variance, self.between)) + self.scatter
        square = log1p(total / mean**2)  # of a logarithm that is normal
        spread = sqrt(square * (1 + 1 / self.blocks))
        return log(mean) - square / 2, spread, float(by_chance - counted)


def learn(statistic: Statistic, blocks: Whole, weekdays: Whole | None) -> Threshold | None:
    """Return what is usual for a column whose blocks, in their order, have these counts.

    Shapes (blocks, bins) and (blocks,), 0 is Monday; `weekdays` is None where blocks are no days. None is
    returned for fewer than 14 blocks with rows, and for a column of one bin.
    """
    filled = blocks.sum(axis=1) > 0
    if filled.sum() < FEWEST or blocks.shape[1] < 2:
        return None
    counts = blocks[filled].astype(np.float64)
    of_all = _learn(statistic, counts, np.zeros(len(counts), np.int64))
    if weekdays is None or np.bincount(weekdays[filled], minlength=7).min() < OF_A_WEEKDAY:
        return of_all
    of_weekdays = _learn(statistic, counts, weekdays[filled])
    return of_weekdays if of_weekdays.between < CLOSER * of_all.between else of_all


def _learn(statistic: Statistic, counts: Numbers, season: Whole) -> Threshold:
    """Hold each block against the others of its season, without those near to it."""
    order = np.arange(len(counts))
    near = min(NEAR, len(counts) // 4)
    others = (season[:, None] == season) & (np.abs(order[:, None] - order) > near)
    rest = others.astype(np.float64) @ counts
    rows = together(counts.sum(axis=1), rest.sum(axis=1))
    mean, variance = statistic.chance(rest, rows)
    excess = statistic.divergence(counts, rest) - mean
    between = max(float(excess.mean()), statistic.TRIFLE)
    by_chance = _with_between(mean, variance, between)
    return Threshold(
        statistic=statistic,
        centres=np.stack([counts[season == each].sum(axis=0) for each in range(season.max() + 1)]),
        between=between,
        scatter=max(float(excess.var(ddof=1) - by_chance.mean()), 0),
        rows=float(np.median(rows)),
        blocks=_independent(excess / np.sqrt(by_chance)),
    )


def _with_between(mean: Numbers, variance: Numbers, between: float) -> Numbers:
    """Return the variance by chance around a truth that lies apart: that of a noncentral chi-square."""
    return variance * (1 + 2 * between / mean)


def _independent(series: Numbers) -> float:
    """Return how many independent values tell as much, if each goes on from its last (Bartlett 1946)."""
    apart = series - series.mean()
    along = float((apart[1:] * apart[:-1]).sum() / max((apart**2).sum(), 1e-300))
    along = min(max(along, 0.0), 0.9)
    return len(series) * (1 - along) / (1 + along)
