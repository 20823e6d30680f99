"""What a declared rate of false alarms leaves for a single check."""

from __future__ import annotations

from datetime import timedelta

from noria.core.policy import Rate

MONITORS = 8
"""Monitors that share the budget of alarms, each to the same part."""


def daily(rate: Rate, monitors: int = MONITORS) -> float:
    """Return the probability with which one daily check of one of so many monitors may raise a false alarm.

    The same each day: expectations add up, whatever depends on what, so all checks together keep the rate.
    Rules that spend less and less and earn by true alarms (LORD++; Ramdas et al., NIPS 2017) bound the share
    of false alarms among all, and where nothing ever drifts they end up blind. A rate is what was declared.

    >>> round(daily(Rate(count=1, period=timedelta(days=30))), 5)  # 1 / 30 / 8
    0.00417
    """
    return min(rate.count * (timedelta(days=1) / rate.period) / monitors, 1.0)


def covered(p: float, a_day: float, again: bool) -> bool:
    """Return whether an alarm at this p-value is in the budget of a day.

    One bad day is no reason to wake somebody: the second one is (`again`), or one as rare as two.
    """
    return p <= (a_day if again else a_day**2)
