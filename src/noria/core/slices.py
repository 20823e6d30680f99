"""On which slices of some rows does one model lose more than another, by more than a margin, beyond chance?

A t-test for each slice, of the mean difference of two losses a row, robust to rows of one block that are
alike (Cameron, Miller, J. Human Resources 2015), with the degrees of freedom of the effective number of
blocks: (sum n)^2 / sum n^2 - 1 for the n rows of the slice in each block (Kish 1965). As a search for slices:
Chung et al., Slice Finder, ICDE 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noria.core.quality.metric import Array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST = 4.0
"""Effective blocks below which a slice is not judged: a few days do not say how much days differ."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SliceTest:
    """Of each slice, shape (slices,): its rows, what both models lose a row, and the p-value.

    That is nan where there are too few rows or blocks.
    """

    rows: Array
    own: Array
    other: Array
    p: Array


def slice_test(
    codes: NDArray[np.int64],
    slices: int,
    blocks: NDArray[np.int64],
    own: Array,
    other: Array,
    *,
    least: int,
    margin: float,
) -> SliceTest:
    """Test each slice with at least so many rows; all arrays are of shape (n,), one value a row.

    `codes` number the row's slice, -1 for none; `margin` is in the unit of the losses `own` and `other`.

    >>> import numpy as np
    >>> row = np.arange(2000)
    >>> bad = np.where(row % 2 == 1, 0.5, 0.0) + 0.1 * np.sin(row)
    >>> found = slice_test(row % 2, 2, row // 100, bad, np.zeros(2000), least=100, margin=0.1)
    >>> (found.p < 0.001).tolist()
    [False, True]
    """
    import numpy as np
    from scipy.stats import t

    kept = codes >= 0
    number, place = np.unique(blocks[kept], return_inverse=True)
    shape, cell = (slices, len(number)), codes[kept] * len(number) + place

    def summed(values: Array | None) -> Array:
        weights = None if values is None else values[kept]
        return np.bincount(cell, weights, slices * len(number)).reshape(shape).astype(float)

    counts, mine, theirs = summed(None), summed(own), summed(other)
    rows = counts.sum(axis=1)
    total = np.maximum(rows, 1)
    worse = (mine - theirs).sum(axis=1) / total - margin
    off = mine - theirs - counts * (worse + margin)[:, None]
    present = (counts > 0).sum(axis=1)
    effective = total**2 / np.maximum((counts**2).sum(axis=1), 1)
    judged = (rows >= least) & (effective >= LEAST)
    correction = present / np.maximum(present - 1, 1)
    error = np.sqrt(correction * (off**2).sum(axis=1)) / total
    score = worse / np.maximum(error, 1e-12)
    p = np.where(judged, t.sf(score, np.maximum(effective - 1, 1)), np.nan)
    return SliceTest(rows=rows, own=mine.sum(axis=1) / total, other=theirs.sum(axis=1) / total, p=p)
