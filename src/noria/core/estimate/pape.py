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

    `past` has the shape (days, k), `today` (k,). Least squares with weights of 0 and above (Lawson and Hanson
    1974), and a ridge towards equal ones, without which two days would stand for all.
    """
    import numpy as np
    from scipy.linalg import cholesky, solve_triangular
    from scipy.optimize import nnls

    days = len(past)
    ridge = RIDGE * (past**2).sum(axis=1).mean() * days
    # The same minimum as that of the k equations, from the products of the days alone: days are fewer.
    root = cholesky(past @ past.T + ridge * np.eye(days), lower=True)
    found, _ = nnls(root.T, solve_triangular(root, past @ today + ridge / days, lower=True))
    total = found.sum()
    return found / total if total else np.full(days, 1 / days)
