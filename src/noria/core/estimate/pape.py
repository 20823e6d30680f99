"""PAPE: past days are weighed until together they look like today, and say what today's scores are worth.

Probabilistic adaptive performance estimation (arXiv 2401.08348) calibrates on rows weighed by the ratio of
today's density to the past's. Here the weights are those of whole days: the mixture of past days whose
columns are distributed as today's are. It needs counts only, and rows of a day are no independent witnesses
anyway.
"""

from __future__ import annotations

from noria.core.profile.grid import Grid
from noria.core.profile.profile import Profile
from noria.core.quality.metric import Array

PARTS = 12
"""Neighbouring bins of a column are gathered into so many parts."""
RIDGE = 0.02
"""How strongly equal weights are preferred, against the mean squared size of a day's mix."""


def mix(profile: Profile, grid: Grid, columns: tuple[str, ...]) -> Array:
    """Return how these columns are distributed: the shares of each one's parts, and of missing values."""
    import numpy as np

    found = [np.empty(0)]
    for name in columns:
        counts = profile.counts[grid.slices[name]]
        begins = np.unique(np.arange(PARTS) * len(counts) // PARTS)
        parts = [*np.add.reduceat(counts, begins), profile.tallies[grid.rows[name], 1]]
        found.append(np.array(parts) / max(sum(parts), 1))
    return np.concatenate(found)


def weights(past: Array, today: Array) -> Array:
    """Return weights of the past days, shape (days,), that sum to 1: their mix comes closest to today's.

    `past` has the shape (days, k), `today` (k,). Least squares with weights of 0 and above (Lawson and Hanson
    1974), and a ridge towards equal ones, without which two days would stand for all.
    """
    import numpy as np
    from scipy.optimize import nnls

    days = len(past)
    ridge = np.sqrt(RIDGE * (past**2).sum(axis=1).mean() * days)
    rows = np.vstack([past.T, ridge * np.eye(days)])
    found, _ = nnls(rows, np.concatenate([today, np.full(days, ridge / days)]))
    total = found.sum()
    return found / total if total else np.full(days, 1 / days)
