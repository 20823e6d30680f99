"""The Jensen-Shannon divergence, in bits: how much one value tells about which of two histograms it is from.

D(p, q) = H((p + q) / 2) - (H(p) + H(q)) / 2, with the entropy H. It is symmetric, finite where a bin is
empty, and its square root is a metric from 0 to 1.
Lin, IEEE Trans. Inf. Theory 1991; Endres and Schindelin, IEEE Trans. Inf. Theory 2003.

Two samples of one truth are never equal: with n rows in K bins, D is about (K - 1) / (8 n ln 2), and
chi-square distributed. That holds where every bin expects many rows. Else each bin adds what a Poisson
count adds: q h(X / nq) with X ~ Poisson(nq), tabulated here by nq.

>>> counts, reference = np.array([30.0, 70.0]), np.array([500.0, 500.0])
>>> round(float(divergence(counts, reference)), 4)
0.0303
>>> mean, variance = chance(reference, np.array(100.0))
>>> round(float(mean), 4)  # 1 / (8 100 ln 2) = .0018
0.0018
"""

from __future__ import annotations

from functools import cache
from math import log

import numpy as np

from noria.core.drift.statistic import Counts, Numbers, shares

FEW, MANY = 1e-9, 1e9
"""Expected rows of a bin between which the table holds."""


def divergence(counts: Counts, reference: Counts) -> Numbers:
    """Return the divergence from 0 to 1, in bits; shapes (..., bins) to (...)."""
    p, q = shares(counts), shares(reference)
    middle = (p + q) / 2
    apart: Numbers = (_information(p, middle) + _information(q, middle)).sum(axis=-1) / 2
    return np.maximum(apart, 0)


def chance(reference: Counts, rows: Numbers) -> tuple[Numbers, Numbers]:
    """Return mean and variance of the divergence of `rows` independent rows from where they come.

    A bin that the reference never filled counts as half a row of it (Krichevsky and Trofimov 1981).
    """
    q = shares(np.maximum(reference, 0.5))
    expected, means, variances = _table()
    place = np.log(np.asarray(rows)[..., None] * q)
    mean, variance = (np.exp(np.interp(place, expected, values)) for values in (means, variances))
    free = q * (1 - q)  # the shares add up to one: a bin is less free than a Poisson count
    return (free * mean).sum(axis=-1), (free * q * variance).sum(axis=-1)


def _information(p: Numbers, middle: Numbers) -> Numbers:
    """Return p log2(p / middle), 0 where p is 0."""
    ratio = np.divide(p, middle, out=np.ones_like(middle), where=p > 0)
    return p * np.log2(ratio)


@cache
def _table() -> tuple[Numbers, Numbers, Numbers]:
    """Return logarithms: of a bin's expected rows, and of mean and variance of h there.

    h(x) = (x log2(2x / (1 + x)) + log2(2 / (1 + x))) / 2. Beyond the middle they follow their limits:
    1 and 1 / (4 rows) for few, 1 / (8 rows ln 2) and twice its square for many.
    """
    rows = np.logspace(-4, 2, 241)[:, None]
    seen = np.arange(300.0)
    weights = np.exp(seen * np.log(rows) - rows - np.cumsum(np.log(np.maximum(seen, 1))))
    x = seen / rows
    h = (x * np.log2(np.maximum(2 * x, 1e-300) / (1 + x)) + np.log2(2 / (1 + x))) / 2
    mean = (weights * h).sum(axis=1)
    variance = (weights * (h - mean[:, None]) ** 2).sum(axis=1)
    many = 1 / (8 * MANY * log(2))
    places = [FEW, *rows[:, 0], MANY]
    return (
        np.log(places),
        np.log([1, *mean, many]),
        np.log([1 / (4 * FEW), *variance, 2 * many**2]),
    )
