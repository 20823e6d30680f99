"""How many different rows there were: a sketch of their hashes, which adds up as all else in a profile does.

The k smallest hashes are kept. Among n different ones, spread evenly from 0 to 1, the k-th smallest lies at
about k / n; (k - 1) over it is an unbiased estimate of n, with a relative error of 1 / sqrt(k - 2)
(Beyer et al., SIGMOD 2007).

>>> hashes = np.random.default_rng(1).integers(0, 2**64, 50_000, dtype=np.uint64)
>>> sketch = smallest(np.concatenate([hashes, hashes]))
>>> round(distinct(sketch), -3)
50000.0
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

KEPT = 1024
"""Hashes of a sketch: 8 kB, and an error of 3%; fewer different rows are counted exactly."""
NONE: Hashes = np.empty(0, np.uint64)


def smallest(hashes: Hashes) -> Hashes:
    """Return the sketch of rows with these hashes, in any order and however often each; shape (kept,)."""
    return np.unique(hashes)[:KEPT]


def distinct(sketch: Hashes) -> float:
    """Return how many different rows a sketch stands for."""
    if len(sketch) < KEPT:
        return float(len(sketch))
    return (KEPT - 1) / (float(sketch[-1]) / 2**64)
