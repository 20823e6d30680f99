"""A day's loss beyond what its scores let expect: what is left of it is not explained by other inputs."""

from __future__ import annotations

from collections.abc import Sequence

from noria.core.calibration import LOSS, ROWS, SUMS
from noria.core.estimate import dle
from noria.core.quality.metric import Array

ENOUGH = 20
"""Labelled rows below which a day is left out: its mean is chance."""


def residuals(days: Sequence[Array]) -> list[float | None]:
    """Return of each day, oldest first, its mean loss less the one that outputs like its own had before.

    A day is an array of sums (see `noria.core.calibration`). None for the first day that has enough rows,
    which has nothing before it, and for those with too few.
    """
    import numpy as np

    found: list[float | None] = []
    before = np.zeros_like(days[0]) if len(days) else np.zeros((len(SUMS), 0))
    for day in days:
        rows = day[ROWS].sum()
        if rows < ENOUGH:
            found.append(None)
            continue
        expected = dle.estimate(day[ROWS], before)
        found.append(float(day[LOSS].sum() / rows - expected) if np.isfinite(expected) else None)
        before = before + day
    return found
