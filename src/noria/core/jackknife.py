"""An interval for any figure that is computed from sums over days: it is computed again without each day.

The delete-one jackknife over blocks (Miller, Biometrika 1974; Künsch, Ann. Stat. 1989): rows of one day share
their weather, so a day is what is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite, sqrt

from noria.core.interval import Interval
from noria.core.quality.metric import Array
from noria.core.student import quantile


def jackknife(days: Array, figure: Callable[[Array], float], confidence: float = 0.95) -> Interval:
    """Return the figure of the sum of all days with its interval, infinite where days do not suffice.

    `days` has the shape (days, ...). `figure` may be nan, where it is not defined.

    >>> import numpy as np
    >>> sums_and_rows = np.array([[1.0, 1], [2.0, 1], [3.0, 1], [6.0, 1]])
    >>> jackknife(sums_and_rows, lambda total: total[0] / total[1]).value
    3.0
    """
    total = days.sum(axis=0)
    value = float(figure(total))
    without = [each for day in days if isfinite(each := float(figure(total - day)))] if len(days) > 1 else []
    half = inf
    if len(without) > 1:
        count = len(without)
        mean = sum(without) / count
        spread = sum((each - mean) ** 2 for each in without) * (count - 1) / count
        half = quantile((1 + confidence) / 2, count - 1) * sqrt(spread)
    return Interval(value=value, low=value - half, high=value + half)
