"""What a measure of drift tells: how far apart two histograms are, and how far chance alone puts them."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Counts = NDArray[np.float64] | NDArray[np.int64]


class Statistic(Protocol):
    """A measure; one module here for each. Histograms are counts of the shape (..., bins), results (...).

    `NAME` is how people call it. `TRIFLE` is the divergence that nobody would act on, however sure it is.
    A divergence is zero for equal histograms and adds up: what is apart, and what chance puts between. Its
    square root is the distance that people are shown, from 0 to 1.
    """

    NAME: str
    TRIFLE: float

    def divergence(self, counts: Counts, reference: Counts) -> Numbers:
        """Return how far the counts are from the reference, neither of them empty."""

    def chance(self, reference: Counts, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Return mean and variance of the divergence of so many independent rows of the reference."""


def shares(counts: Counts) -> Numbers:
    """Return the share of each bin; shape (..., bins)."""
    found: Numbers = counts / counts.sum(axis=-1, keepdims=True)
    return found


def together(rows: Numbers, others: Numbers) -> Numbers:
    """Return how many rows are as far from a known truth as two samples are from each other.

    Both scatter: 1/n = 1/rows + 1/others.
    """
    return 1 / (1 / rows + 1 / others)
