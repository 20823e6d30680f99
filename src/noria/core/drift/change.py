"""What moved between two histograms, for people: the categories, or the numbers above a cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from noria.core.drift.statistic import Numbers, shares
from noria.core.profile.grid import Bins, NumberBins

SHOWN = 2
"""Categories that are named."""
Counts = NDArray[np.int64] | Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The share of some values (0 to 1), such as "above 1500" or "UA", in the reference and now."""

    what: str
    before: float
    now: float

    def __str__(self) -> str:
        return f"{self.what} {_percent(self.before)} → {_percent(self.now)}"


def changes(bins: Bins, reference: Counts, counts: Counts) -> list[Change]:
    """Return what changed most from the reference to the counts, both of the shape (bins,), not empty."""
    before, now = shares(reference.astype(float)), shares(counts.astype(float))
    if isinstance(bins, NumberBins):
        return _above(bins, before, now)
    names = [*bins.categories, "unseen ones" if bins.complete else "rare ones"]
    most = np.argsort(-np.abs(now - before), kind="stable")[:SHOWN]
    return [Change(what=names[i], before=float(before[i]), now=float(now[i])) for i in most]


def _above(bins: NumberBins, before: Numbers, now: Numbers) -> list[Change]:
    """Cut where the shares above differ most: the place of the Kolmogorov-Smirnov distance."""
    above_before, above_now = 1 - before.cumsum()[:-1], 1 - now.cumsum()[:-1]
    cut = int(np.abs(above_now - above_before).argmax())
    return [
        Change(what=f"above {bins.edges[cut]:g}", before=float(above_before[cut]), now=float(above_now[cut]))
    ]


def _percent(share: float) -> str:
    return f"{share:.1%}" if 0 < share < 0.1 else f"{abs(share):.0%}"
