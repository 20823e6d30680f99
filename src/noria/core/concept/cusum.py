"""A CUSUM on ranks: has the level of a series of days risen? It needs no days that are known to be good.

Each value counts by its rank among those before it. As long as days are alike, in whatever order and however
they are distributed, these ranks are independent and even (McDonald, Naval Res. Logist. 1990), so the run
length between false alarms is what the threshold says: from the first day on, and with a long tail too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from math import exp
from statistics import NormalDist

BEFORE = 7
"""Days that are ranked among before one is judged."""
SLACK = 0.25
"""Standard deviations that a day may be above the level for nothing: half the rise that is found fastest."""
MOST = 2.0
"""Standard deviations that a single day counts at most: a storm is no other world (Lucas, Crosier 1982)."""


def cusum(values: Sequence[float]) -> list[float]:
    """Return the statistic after each value, oldest first, in standard deviations; 0 for the first `BEFORE`.

    >>> round(cusum([0.0, 1.0] * 10 + [2.0] * 3)[-1], 1)
    4.9
    """
    statistic = 0.0
    found: list[float] = []
    before: list[float] = []
    for value in values:
        if len(before) >= BEFORE:
            statistic = max(0.0, statistic + min(_score(value, before), MOST) - SLACK)
        found.append(statistic)
        insort(before, value)
    return found


def threshold(days: float) -> float:
    """Return the statistic that a series without a change exceeds once in so many days, on average.

    Siegmund's approximation (1985) of the average run length of a one-sided CUSUM of standard normal values:
    (exp(2 k b) - 2 k b - 1) / (2 k^2), with k the slack and b the threshold + 1.166.
    """
    low, high = 0.0, 200.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _run_length(middle) < days else (low, middle)
    return high


def _run_length(limit: float) -> float:
    way = 2 * SLACK * (limit + 1.166)
    return (exp(way) - way - 1) / (2 * SLACK**2)


def _score(value: float, before: Sequence[float]) -> float:
    """Return what a standard normal value of the same rank would be; of equal values the middle one."""
    rank = (bisect_left(before, value) + bisect_right(before, value) + 1) / 2
    return NormalDist().inv_cdf(rank / (len(before) + 1))
