"""PAPE: past days are weighed until together they look like today, and say what today's scores are worth.

Probabilistic adaptive performance estimation (arXiv 2401.08348) calibrates on rows weighed by the ratio of
today's density to the past's. Here the weights are those of whole days: the mixture of past days whose
columns are distributed as today's are. It needs counts only, and rows of a day are no independent witnesses
anyway.
"""

from __future__ import annotations

from collections.abc import Sequence

from noria.core.profile.grid import Grid
from noria.core.profile.profile import Profile
from noria.core.quality.metric import Array

PARTS = 12
"""Neighbouring bins of a column are gathered into so many parts."""
RIDGE = 0.02
"""How strongly equal weights are preferred, against the mean squared size of a day's mix."""
UPDATES = 500
"""Steps towards the weights; more of them change no estimate by much."""


def mixes(profiles: Sequence[Profile], grid: Grid, columns: Sequence[str]) -> Array:
    """Return how these columns are distributed in each profile; shape (profiles, k).

    They are the shares of each column's parts, and of its missing values.
    """
    import numpy as np

    counts = np.array([profile.counts for profile in profiles])
    missing = np.array([profile.tallies[:, 1] for profile in profiles])
    found = [np.empty((len(profiles), 0))]
    for name in columns:
        own = counts[:, grid.slices[name]]
        begins = np.unique(np.arange(PARTS) * own.shape[1] // PARTS)
        parts = np.column_stack([np.add.reduceat(own, begins, axis=1), missing[:, grid.rows[name]]])
        found.append(parts / np.maximum(parts.sum(axis=1, keepdims=True), 1))
    return np.hstack(found)


def weights(past: Array, today: Array) -> Array:
    """Return weights of the past days, shape (days,), that sum to 1: their mix comes closest to today's.

    `past` has the shape (days, k), `today` (k,). Least squares with weights above 0, by the multiplicative
    updates of Lee and Seung (NIPS 2001), and a ridge towards equal ones, or two days would stand for all.
    """
    import numpy as np

    days = len(past)
    ridge = RIDGE * (past**2).sum(axis=1).mean() * days
    products = past @ past.T + ridge * np.eye(days)
    wanted = past @ today + ridge / days
    found: Array = np.full(days, 1 / days)
    for _ in range(UPDATES):
        found *= wanted / (products @ found)
    found /= found.sum()
    return found
