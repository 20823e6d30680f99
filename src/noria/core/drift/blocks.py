"""The blocks of a reference, each held against the others: what days differ by where nothing drifts.

Rows are not independent: the flights of a day share its weather. So the yardstick is the day, and not the
row; and a day tells nothing about the days next to it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import exp
from typing import ClassVar

import numpy as np

from noria.core.drift.statistic import Numbers, Whole
from noria.core.student import cdf, quantile

FEWEST = 14
"""Blocks that a threshold needs: two weeks of days."""
NEAR = 6
"""Days to each side of a block that it is not held against."""
OF_A_WEEKDAY = 4
"""Blocks of each weekday that a column needs to be compared with its own weekday."""
CLOSER = 0.8
"""The share of what days differ by that is left within weekdays at most, if these are to matter."""
TAIL = 0.05
"""The probability with which a day that did not drift lies beyond its limit, unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """A day held against its reference: a `value` in the statistic's own unit, and how far it may go.

    `p` is the probability of this value or more where nothing drifts.
    """

    value: float
    limit: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Threshold(ABC):
    """What is usual for a column. `centres` are the counts of its reference, by season."""

    UNIT: ClassVar[str]

    centres: Numbers

    def centre(self, weekday: int) -> Numbers:
        """Return the counts that a day of this weekday (0 is Monday) is compared with; shape (bins,)."""
        centre: Numbers = self.centres[weekday % len(self.centres)]
        return centre

    @abstractmethod
    def judge(self, counts: Whole, weekday: int = 0, probability: float = TAIL) -> Judged:
        """Return how far a day with these counts, of the shape (bins,), is from its reference.

        Without drift, it lies beyond its limit with the `probability`.
        """


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blocks:
    """Blocks that have rows: their counts, of the shape (blocks, bins), and the season of each, from 0 on."""

    counts: Numbers
    season: Whole

    def others(self) -> Numbers:
        """Return, for each block, the counts of the others of its season that are not near to it."""
        order = np.arange(len(self.counts))
        near = min(NEAR, len(order) // 4)
        others = (self.season[:, None] == self.season) & (np.abs(order[:, None] - order) > near)
        rest: Numbers = others.astype(np.float64) @ self.counts
        return rest

    def centres(self) -> Numbers:
        """Return the counts of each season; shape (seasons, bins)."""
        seasons = range(int(self.season.max()) + 1)
        return np.stack([self.counts[self.season == each].sum(axis=0) for each in seasons])


def seasons(counts: Whole, weekdays: Whole | None) -> Iterator[Blocks]:
    """Yield the blocks of a column as they may be compared: with all others, and with those of their weekday.

    Shapes (blocks, bins) and (blocks,), 0 is Monday; `weekdays` is None where blocks are no days. Nothing is
    yielded for fewer than 14 blocks with rows, and for a column of one bin.
    """
    filled = counts.sum(axis=1) > 0
    if filled.sum() < FEWEST or counts.shape[1] < 2:
        return
    kept = counts[filled].astype(np.float64)
    yield Blocks(counts=kept, season=np.zeros(len(kept), np.int64))
    if weekdays is not None and np.bincount(weekdays[filled], minlength=7).min() >= OF_A_WEEKDAY:
        yield Blocks(counts=kept, season=weekdays[filled])


def independent(series: Numbers) -> float:
    """Return how many independent values tell as much, if each goes on from its last (Bartlett 1946)."""
    apart = series - series.mean()
    along = float((apart[1:] * apart[:-1]).sum() / max((apart**2).sum(), 1e-300))
    along = min(max(along, 0.0), 0.9)
    return len(series) * (1 - along) / (1 + along)


def tail(value: float, mean: float, spread: float, blocks: float, probability: float) -> tuple[float, float]:
    """Return the probability of a logarithm as high as `value` or higher, and which number it exceeds rarely.

    The logarithm is taken for normal, and its `mean` and `spread` (a standard deviation) are known from so
    many independent blocks: Student's t. It reaches below 1 / (blocks + 1), where ranks end, and a gamma's
    tail ends too soon for storms and holidays (decision 16). The number is not a logarithm: it is exceeded
    with `probability`.
    """
    degrees, width = max(int(blocks) - 1, 1), spread * (1 + 1 / blocks) ** 0.5
    p = cdf((mean - value) / width, degrees)
    return p, exp(min(mean + width * _quantile(1 - probability, degrees), 700))


_quantile = lru_cache(quantile)
