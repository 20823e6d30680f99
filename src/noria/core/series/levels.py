"""Levels that swing from day to day by themselves, such as the mean of a column.

A level is compared with the levels of the reference, or a jump with its jumps. Their tails are heavy: of
rain, of gusts. So they are taken to be Student's t, with the degrees of freedom that their kurtosis calls
for, 4 + 6 / excess (moments of Pearson's type VII), and never more than the blocks that tell it.

>>> usual = learn(np.array([[1.0], [2.0], [3.0], [2.0], [1.0], [3.0]]))
>>> tail(usual, np.array([2.0])).round(3), tail(usual, np.array([9.0])).round(4)
(array([1.]), array([0.0008]))
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noria.core.profile.grid import Numbers

FEWEST = 14
"""Values from which on a column's spread is known well enough to be judged by."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levels:
    """Where a new level of each column lies: Student's t around the mean; all of the shape (columns,).

    `spread` is its scale, NaN where there are too few levels to know it, and `degrees` those of freedom.
    """

    mean: Numbers
    spread: Numbers
    degrees: Numbers


def learn(values: Numbers, fewest: int = 2) -> Levels:
    """Return what is usual in blocks of these levels, of the shape (blocks, columns); NaN is no level."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    some = np.maximum(count, 1)
    mean = np.where(known, values, 0).sum(axis=0) / some
    off = np.where(known, values - mean, 0)
    variance = (off**2).sum(axis=0) / np.maximum(count - 1, 1)
    units = off / np.sqrt(np.where(variance > 0, variance, 1))
    excess = (units**4).sum(axis=0) / some - 3
    heavy = 4 + 6 / np.maximum(excess, 1e-3)
    spread = np.sqrt(variance * (1 + 1 / some) * (heavy - 2) / heavy)
    return Levels(
        mean=mean,
        spread=np.where(count >= max(fewest, 2), spread, np.nan),
        degrees=np.minimum(heavy, np.maximum(count - 1, 1)),
    )


def tail(usual: Levels, values: Numbers, sampling: Numbers | float = 0.0) -> Numbers:
    """Return how likely levels as far off as these are, on either side; 1 where nothing is known.

    `sampling` is the variance that few rows add to the values. All have the shape (columns,).
    """
    from scipy.special import stdtr  # a tenth of a second, and only who checks a day needs it

    spread = np.sqrt(usual.spread**2 + sampling)
    known = np.isfinite(values) & np.isfinite(spread)
    off = np.abs(np.where(known, values - usual.mean, 0))
    units = off / np.maximum(np.where(known, spread, 1), 1e-9 * (1 + np.abs(usual.mean)))
    return np.where(known & (off > 0), np.minimum(2 * stdtr(usual.degrees, -units), 1), 1.0)
