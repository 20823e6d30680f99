"""How many alarms nobody found a cause for, beside how many were declared."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, factorial

from noria.core.phrases import length
from noria.core.policy import Rate

SURE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """`false` alarms without a confirmed cause, in `days` that were watched, and the `declared` rate.

    An alarm whose cause nobody looked for counts as false, so that the figure can only be too high.
    """

    false: int
    days: int
    declared: Rate

    @property
    def expected(self) -> float:
        """How many the declared rate allows in the days that were watched."""
        return self.days * self.declared.count / (self.declared.period.total_seconds() / 86400)

    @property
    def over(self) -> bool:
        """Whether they are more than the declared rate would bring by chance (Poisson, 5%)."""
        fewer = sum(self.expected**count / factorial(count) for count in range(self.false))
        return 1 - exp(-self.expected) * fewer < SURE

    def __str__(self) -> str:
        unit = length(self.declared.period)
        realised = self.false / self.expected * self.declared.count if self.days else 0.0
        told = f"{self.false} without a confirmed cause in {self.days} days watched"
        more = ": more than chance brings" if self.over else ""
        return f"{told}, {realised:.1f} in {unit}; declared: at most {self.declared.count} in {unit}{more}"
