"""Welch's t-test: do two samples of days have the same mean? (Biometrika 34, 1947.)

Single days swing with the weather, and a level that was measured on seven days is no better known than these.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from noria.core.student import cdf

FALSE_ALARMS = 0.001
"""How often days from the same world are called different."""


def beyond_chance(difference: float, one: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether a difference of the means of two samples, in one direction, is more than chance.

    Never with fewer than two values in either sample: they do not say how much they scatter.
    """
    if min(len(one), len(other)) < 2:
        return False
    errors = [_squared_error(values) for values in (one, other)]
    if not sum(errors):
        return difference > 0
    degrees = sum(errors) ** 2 / sum(
        error**2 / (len(values) - 1) for error, values in zip(errors, (one, other), strict=True)
    )
    return 1 - cdf(difference / sqrt(sum(errors)), max(int(degrees), 1)) < FALSE_ALARMS


def _squared_error(values: Sequence[float]) -> float:
    """Return the squared standard error of the values' mean."""
    count = len(values)
    mean = sum(values) / count
    return sum((value - mean) ** 2 for value in values) / (count - 1) / count
