"""Skill: how much nearer to the truth estimates were than "no change", once labels came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

from noria.core.student import quantile

DAYS = 14
"""Days on which estimates were held against the truth before one is shown."""
RECENT = 28
"""The newest days that count: what was right in spring may be wrong by now."""
CONFIDENCE = 0.95
WORTHWHILE = 0.1
"""The share of the error of "no change" that has to be gone before an estimate is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An estimate of a past day, what "no change" would have said, and the truth, in the metric's unit."""

    estimate: float
    unchanged: float
    truth: float

    @property
    def nearer(self) -> float:
        """By how much the estimate was nearer to the truth; negative where it was farther."""
        return abs(self.unchanged - self.truth) - abs(self.estimate - self.truth)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """The mean distances from the truth over `days`: of the estimates (`error`), and of "no change".

    `lowest` is the lower bound, at 95%, of how much nearer the estimates were; `half` the half width of an
    interval that holds the truth of the next day as often.
    """

    days: int
    error: float
    unchanged: float
    lowest: float
    half: float

    @property
    def shown(self) -> bool:
        """Whether the estimate may be believed: it was nearer on enough days, by enough, beyond chance."""
        return self.days >= DAYS and self.lowest > 0 and self.share >= WORTHWHILE

    @property
    def share(self) -> float:
        """Which share of the error of "no change" is gone: 1 for a perfect estimate, 0 or less for none."""
        return 1 - self.error / self.unchanged if self.unchanged else 0.0


def skill(held: Sequence[Held]) -> Skill:
    """Return what past estimates, the oldest first, were worth lately; with fewer than two, nothing."""
    held = held[-RECENT:]
    days = len(held)
    if days < 2:
        return Skill(days=days, error=inf, unchanged=inf, lowest=-inf, half=inf)
    gains = [each.nearer for each in held]
    mean = sum(gains) / days
    spread = sqrt(sum((gain - mean) ** 2 for gain in gains) / (days - 1))
    squares = sum((each.estimate - each.truth) ** 2 for each in held)
    return Skill(
        days=days,
        error=sum(abs(each.estimate - each.truth) for each in held) / days,
        unchanged=sum(abs(each.unchanged - each.truth) for each in held) / days,
        lowest=mean - quantile(CONFIDENCE, days - 1) * spread / sqrt(days),
        half=quantile((1 + CONFIDENCE) / 2, days) * sqrt(squares / days * (1 + 1 / days)),
    )
