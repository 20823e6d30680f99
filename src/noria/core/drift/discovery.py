"""Many columns, one verdict: which of their p-values are more than what many looks always find."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from noria.core.drift.statistic import Numbers

SHARE = 0.05
"""The share of false ones among the columns that are noticed, at most, on average."""


def discovered(p: Numbers, share: float = SHARE) -> NDArray[np.bool_]:
    """Return which of the p-values, shape (n,), are found if a share of what is found may be false.

    The k smallest, for the largest k with p_(k) <= share k / n. Where nothing drifts, anything is found with
    the probability `share` at most: that is Simes' test of all together (Biometrika 1986).
    Benjamini and Hochberg, JRSS-B 1995; for dependence as of columns that move together, Benjamini and
    Yekutieli, Ann. Stat. 2001.

    >>> discovered(np.array([0.5, 0.024, 0.001, 0.9])).tolist()  # .001 <= .05 / 4, .024 <= .05 2 / 4
    [False, True, True, False]
    """
    return adjusted(p) <= share


def adjusted(p: Numbers) -> Numbers:
    """Return, for each p-value, the smallest share at which it is found; shape (n,). The least is Simes' p.

    >>> adjusted(np.array([0.5, 0.024, 0.001, 0.9])).tolist()  # 4 .5 / 3, 4 .024 / 2, 4 .001 / 1, .9
    [0.6666666666666666, 0.048, 0.004, 0.9]
    """
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    found = np.empty(len(p))
    found[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return found
