"""How long to wait until the next training: the wait at which training costs as much as waiting.

What a retrained model gains over the champion grows with what the champion has not seen. At a rate `r` of
the loss a day, waiting `T` days costs `r T / 2` a day on average, and a training costs `COST / T`: both
together are least at `T = sqrt(2 COST / r)`, the economic order quantity (Harris 1913). The rate comes from
the runs before (compare CARA, arXiv 2310.04216).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt

DAY = timedelta(days=1)
COST = 0.14
"""What a training costs, in shares of the loss times days: as much as 2% of the loss for a week."""
PRIOR_DAYS, PRIOR_RATE = 14, 0.01 / 7
"""Before the first gain, 1% a week is believed in, as if it had been seen in so many days."""
REMEMBERED = 6
"""Gains that are looked back on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """A candidate's gain over the champion, as a share of its loss, and how much newer its data was."""

    share: float
    newer: timedelta


def rate(past: Sequence[Gain]) -> float:
    """Return the share of the loss that retraining gains for each day that the champion has not seen.

    What was newer by less than a day says nothing of time.
    """
    seen = [gain for gain in past if gain.newer >= DAY][-REMEMBERED:]
    days = sum(gain.newer / DAY for gain in seen) + PRIOR_DAYS
    return (sum(gain.share for gain in seen) + PRIOR_RATE * PRIOR_DAYS) / days


def interval(floor: timedelta, ceiling: timedelta, past: Sequence[Gain]) -> timedelta:
    """Return how long after the last run the next one is due; `past` are the runs' gains, oldest first.

    It begins with the floor, and at most doubles from run to run.
    """
    wait = floor
    for number in range(1, len(past) + 1):
        wait = max(min(_cheapest(rate(past[:number]), ceiling), 2 * wait, ceiling), floor)
    return wait


def _cheapest(pace: float, ceiling: timedelta) -> timedelta:
    return sqrt(2 * COST / pace) * DAY if pace * (ceiling / DAY) ** 2 > 2 * COST else ceiling
