"""Whether the shares of some values differ between two samples whose rows come in blocks, such as days.

A share is a ratio of sums over blocks, so its variance is that of the blocks' residuals:
var = B / (B - 1) sum_b (c_b - p n_b)^2 / (sum_b n_b)^2, with c_b of n_b rows in block b, and p the share.
The statistic is the greatest |difference| / sqrt(var + var'), over all values; its p-value is Student's, with
the blocks of the smaller sample less one, times the number of values (Bonferroni).
Cochran, Sampling Techniques 1977, chapter 6; Cameron and Miller, J. Human Resources 2015.

>>> before = np.array([[50, 50], [45, 55], [55, 45], [50, 50]])
>>> after = np.array([[80, 20], [75, 25], [85, 15], [80, 20]])
>>> found = difference(before, after)
>>> found.value, round(found.before, 2), round(found.after, 2), round(found.p, 3)  # z = 10.4, t of 3 degrees
(0, 0.5, 0.8, 0.004)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from noria.core.drift.statistic import Counts, Numbers
from noria.core.student import cdf


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The value (its number) whose share differs most beyond chance, its shares (0 to 1), and the p-value."""

    value: int
    before: float
    after: float
    p: float


def difference(before: Counts, after: Counts) -> Difference:
    """Compare counts of the shapes (blocks, values) and (blocks', values); p is 1 with fewer than two blocks.

    Each row of a block has one of the values.
    """
    own, other = _shares(before), _shares(after)
    degrees = min(len(before), len(after)) - 1
    apart, scatter = other[0] - own[0], np.sqrt(own[1] + other[1])
    z = np.divide(np.abs(apart), scatter, out=np.where(apart, 1e6, 0.0), where=scatter > 0)
    value = int(z.argmax())
    p = min(1.0, 2 * (1 - cdf(float(z[value]), degrees)) * before.shape[1]) if degrees > 0 else 1.0
    return Difference(value=value, before=float(own[0][value]), after=float(other[0][value]), p=p)


def _shares(counts: Counts) -> tuple[Numbers, Numbers]:
    """Return the share of each value, and its variance, both of the shape (values,)."""
    blocks, rows = len(counts), counts.sum(axis=1, keepdims=True)
    share = counts.sum(axis=0) / max(rows.sum(), 1)
    residuals = counts - rows * share
    return share, blocks / max(blocks - 1, 1) * (residuals**2).sum(axis=0) / max(rows.sum(), 1) ** 2
