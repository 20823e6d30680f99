"""What measures of drift share: counts into shares, and how two samples scatter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Counts = Numbers | Whole


def shares(counts: Counts) -> Numbers:
    """Return the share of each bin; shape (..., bins), none of the histograms empty."""
    found: Numbers = counts / counts.sum(axis=-1, keepdims=True)
    return found


def together(rows: Numbers, others: Numbers) -> Numbers:
    """Return how many rows are as far from a known truth as two samples are from each other.

    Both scatter: 1/n = 1/rows + 1/others.
    """
    return 1 / (1 / rows + 1 / others)
