"""The L-infinity distance: by how much the share of that category changed whose share changed most.

D(p, q) = max_k |p_k - q_k| / s_k, with a scale s of each category, 1 if it is not given. Where a column has
many categories, a change of one of them drowns in the chance of all others; here it does not.

>>> round(float(distance(np.array([30, 70]), np.array([500, 500]))), 4)
0.2
>>> round(float(distance(np.array([30, 70]), np.array([500, 500]), np.array([0.1, 0.4]))), 4)  # .2 / .1
2.0
"""

from __future__ import annotations

import numpy as np

from noria.core.drift.statistic import Counts, Numbers, shares

ONE = np.ones(1)


def distance(counts: Counts, reference: Counts, scale: Numbers = ONE) -> Numbers:
    """Return the distance, 0 to 1 where there is no scale; shapes (..., bins) to (...)."""
    most: Numbers = (np.abs(shares(counts) - shares(reference)) / scale).max(axis=-1)
    return most
