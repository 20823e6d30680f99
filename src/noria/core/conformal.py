"""How far the truth may lie from an answer, so that sets and intervals hold a declared share of truths.

Split conformal prediction (Vovk, Gammerman, Shafer 2005; Lei et al. 2018, arXiv 1604.04173): the margin is a
quantile of the misfits of rows that the model did not learn from. Its coverage is exact where rows are
exchangeable. Where they are not, adaptive conformal inference (Gibbs and Candes 2021, arXiv 2106.00263) moves
the level at which the quantile is taken by what was covered on each day that is mature.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, inf

import msgspec
import numpy as np

from noria.core.profile.grid import Numbers

KEPT = 2000
"""Order statistics of the misfits that are kept: a margin is then exact to a twentieth of a percent."""
STEP = 0.3
"""How far a day's miss moves the level, as a share of it.

The misses of T days have the mean (change of the level) / (step x T): with this step a month is covered to a
point even if the level has to move by 0.09 within it.
"""


class Misfits(msgspec.Struct, frozen=True):
    """`kept` order statistics, rising, of the misfits of `rows` rows that a model did not learn from."""

    rows: int
    kept: tuple[float, ...]

    def margin(self, level: float) -> float:
        """Return the margin within which a share of `level` of truths lies, infinity where none is enough.

        It is the misfit of the rank (rows + 1) x level, rounded up.
        """
        rank = ceil(round((self.rows + 1) * level, 9))
        if rank > self.rows:
            return inf
        place = ceil(rank * len(self.kept) / self.rows) - 1
        return self.kept[max(place, 0)]


def misfit(task: str, truth: Numbers, output: Numbers) -> Numbers:
    """Return how badly each answer fits its truth; shape (n,).

    Of a number it is the distance; of a class, 1 - the probability that was given to it. `truth` is of shape
    (n,), a class by its number; `output` of (n,), or of (n, classes) for several.
    """
    if task == "regression":
        return np.abs(truth - output)
    if output.ndim == 1:
        return np.where(truth == 1, 1 - output, output)
    given: Numbers = output[np.arange(len(truth)), truth.astype(int)]
    return 1 - given


def calibrate(misfits: Numbers) -> Misfits:
    """Return what the margins are taken from; misfits that are no numbers are left out."""
    known = np.sort(misfits[np.isfinite(misfits)])
    ranks = np.ceil(np.arange(1, min(KEPT, len(known)) + 1) * len(known) / min(KEPT, max(len(known), 1)))
    return Misfits(rows=len(known), kept=tuple(known[ranks.astype(int) - 1].tolist()))


def adapt(level: float, coverage: float, covered: Iterable[float], step: float = STEP) -> float:
    """Return the level after days on which these shares of truths were covered, `coverage` of which is to be.

    It may leave 0 to 1: above, nothing is left out; below, everything is.
    """
    for share in covered:
        level += step * (coverage - share)
    return level
