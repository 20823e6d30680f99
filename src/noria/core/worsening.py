"""How the champion fares on its last mature days, against its level when it was promoted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from noria.core.quality import METRICS
from noria.core.welch import beyond_chance

DAYS = 7
"""Mature days that are waited for, and compared with the level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worsening:
    """A metric's mean `recent` on the last `days`, and its `level`; both in the metric's unit.

    `by` is how much worse it has become, negative where it is better; `beyond_chance` whether that is more
    than how days differ explains.
    """

    metric: str
    days: int
    recent: float
    level: float
    by: float
    beyond_chance: bool

    def exceeds(self, share: float) -> bool:
        """Return whether it is worse by more than a share of the level, on enough days, beyond chance."""
        return self.days >= DAYS and self.by > share * abs(self.level) and self.beyond_chance

    def __str__(self) -> str:
        apart = f"{abs(self.by / self.level):.0%} " if self.level else ""
        than = f"{'worse' if self.by > 0 else 'better'} than {self.level:.4f} at the promotion"
        days = f"{self.days} mature day{'s' if self.days > 1 else ''}"
        return f"{self.metric} of the last {days} is {self.recent:.4f}, {apart}{than}"


def worsening(
    metric: str, daily: Sequence[float], level: float | None, at_promotion: Sequence[float]
) -> Worsening | None:
    """Return how a metric's values by day, oldest first, stand to its level; None where one is missing.

    `at_promotion` are the values of the days that the level was measured on.
    """
    last = daily[-DAYS:]
    if level is None or not last:
        return None
    recent = sum(last) / len(last)
    by = recent - level if METRICS[metric].lower_is_better else level - recent
    return Worsening(
        metric=metric,
        days=len(last),
        recent=recent,
        level=level,
        by=by,
        beyond_chance=beyond_chance(by, last, at_promotion),
    )
