"""A self-starting CUSUM: has the level of a series of days risen? It needs no days that are known to be good.

Each value is held against the mean and the scatter of those before it. If days are independent and normal,
what comes of it is standard normal and independent however few days there were (Hawkins, J. Qual. Technol.
1987), so the run length between false alarms is what the threshold says, from the first day on.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, sqrt
from statistics import NormalDist

from noria.core.student import cdf

BEFORE = 7
"""Days that go into the level before one is judged."""
SLACK = 0.25
"""Standard deviations that a day may be above the level for nothing: half the rise that is found fastest."""
MOST = 3.0
"""Standard deviations that a single day counts at most: a storm is no other world (Lucas, Crosier 1982)."""


def cusum(values: Sequence[float]) -> list[float]:
    """Return the statistic after each value, oldest first, in standard deviations; 0 for the first `BEFORE`.

    >>> round(cusum([0.0, 1.0] * 10 + [2.0] * 3)[-1], 1)
    7.1
    """
    statistic, mean, squares = 0.0, 0.0, 0.0
    found = []
    for count, value in enumerate(values):
        if count >= BEFORE:
            statistic = max(0.0, statistic + min(_standard(value, count, mean, squares), MOST) - SLACK)
        found.append(statistic)
        apart = value - mean
        mean += apart / (count + 1)
        squares += apart * (value - mean)
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


def _standard(value: float, count: int, mean: float, squares: float) -> float:
    """Return the value as a standard normal one, by Student's t on what came before."""
    scatter = sqrt(squares / (count - 1) * (1 + 1 / count))
    if not scatter:
        return 0.0 if value == mean else MOST
    below = cdf((value - mean) / scatter, count - 1)
    return NormalDist().inv_cdf(min(max(below, 1e-12), 1 - 1e-12))
