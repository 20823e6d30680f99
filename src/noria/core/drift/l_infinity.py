"""The L-infinity distance: by how much the share of that category changed whose share changed most.

D(p, q) = max_k |p_k - q_k|. Where a column has many categories, a change of one of them drowns in the
chance of all others; here it does not. What is returned is its square, which adds up as variances do.

A count of mean m lies below x with a probability of about Phi(2 sqrt(x + 3/8) - 2 sqrt(m + 3/8)), also where
m is small (Anscombe 1948). All together lie closer than t with the product of their probabilities, which
gives mean and variance; categories that are about as frequent count as equally frequent in it.

>>> counts, reference = np.array([30.0, 70.0]), np.array([500.0, 500.0])
>>> round(float(divergence(counts, reference)), 4)  # (.5 - .3)^2
0.04
>>> mean, variance = chance(np.ones(100), np.array(10_000.0))
>>> round(float(np.sqrt(mean)), 4)  # the largest of 100 that scatter by .001
0.0028
"""

from __future__ import annotations

import numpy as np

from noria.core.drift.statistic import Counts, Numbers, shares

NAME = "L-infinity distance"
TRIFLE = 4e-6
GROUPS, STEPS = 24, 30
"""Of categories that are about as frequent, and of the distances at which probabilities are summed."""


def divergence(counts: Counts, reference: Counts) -> Numbers:
    """Return the squared distance, 0 to 1; shapes (..., bins) to (...)."""
    most: Numbers = np.abs(shares(counts) - shares(reference)).max(axis=-1)
    return most**2


def chance(reference: Counts, rows: Numbers) -> tuple[Numbers, Numbers]:
    """Return mean and variance of the squared distance of `rows` independent rows from where they come.

    A category that the reference never had counts as half a row of it.
    """
    number, q = _groups(shares(np.maximum(reference, 0.5)))
    n = np.asarray(rows)[..., None, None]
    farthest = 6 * np.sqrt((q * (1 - q)).max(axis=-2, keepdims=True) / n) + 8 / n
    t = farthest * np.linspace(0, 1, STEPS)
    above = 1 - np.exp((number * np.log(_closer(q, n, t))).sum(axis=-2))
    t, step = t[..., 0, :], t[..., 0, 1]
    square, fourth = 2 * (above * t).sum(axis=-1) * step, 4 * (above * t**3).sum(axis=-1) * step
    return square, fourth - square**2


def _groups(q: Numbers) -> tuple[Numbers, Numbers]:
    """Return the size of each group and the mean share in it; shapes (groups, 1), (..., groups, 1)."""
    bins = q.shape[-1]
    begins = np.unique(np.geomspace(1, bins, min(GROUPS, bins)).astype(np.int64)) - 1
    number = np.diff(begins, append=bins).astype(np.float64)
    summed = np.add.reduceat(np.sort(q, axis=-1)[..., ::-1], begins, axis=-1)
    return number[:, None], (summed / number)[..., None]


def _closer(q: Numbers, n: Numbers, t: Numbers) -> Numbers:
    """Return the probability that the share of n rows of a category is closer to q than t."""
    from scipy.special import ndtr

    middle, scale = 2 * np.sqrt(n * q + 3 / 8), np.sqrt(1 - np.minimum(q, 0.999))
    below, above = (2 * np.sqrt(np.maximum(n * (q + side * t) + 3 / 8, 0)) for side in (-1, 1))
    lower = np.where(t > q, 0.0, ndtr((below - middle) / scale))
    closer: Numbers = ndtr((above - middle) / scale) - lower
    return np.maximum(closer, 1e-300)
