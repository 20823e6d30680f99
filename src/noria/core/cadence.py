"""How long to wait until the next training: the wait at which training costs as much as waiting.

What a retrained model gains over the champion grows with what the champion has not seen. At a rate `r` of
the loss in a unit of time, waiting `T` units costs `r T / 2` on average, and a training costs `COST / T`:
both together are least at `T = sqrt(2 COST / r)`, the economic order quantity (Harris 1913). The rate comes
from the runs before (compare CARA, arXiv 2310.04216). The unit is the floor of the cadence, so that what
moves in hours and what moves in years are treated alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import sqrt

from noria.core.phrases import length

COST = 0.017
"""What a training costs: as much as to wait for a floor's length with a loss that is 1.7% too high."""
PRIOR, PRIOR_RATE = 2, 0.01
"""Before the first gain, 1% a unit is believed in, as if it had been seen in so many units."""
REMEMBERED = 6
"""Gains that are looked back on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """A candidate's gain over the champion, as a share of its loss, and how much newer its data was."""

    share: float
    newer: timedelta


def rate(past: Sequence[Gain], unit: timedelta) -> float:
    """Return the share of the loss that retraining gains for each unit of time that a champion has not seen.

    What was newer by less than a seventh of a unit says nothing of time.
    """
    seen = [gain for gain in past if gain.newer >= unit / 7][-REMEMBERED:]
    units = sum(gain.newer / unit for gain in seen) + PRIOR
    return (sum(gain.share for gain in seen) + PRIOR_RATE * PRIOR) / units


def interval(floor: timedelta, ceiling: timedelta, past: Sequence[Gain]) -> timedelta:
    """Return how long after the last run the next one is due; `past` are the runs' gains, oldest first.

    It begins with the floor, and at most doubles from run to run.
    """
    wait = floor
    for number in range(1, len(past) + 1):
        cheapest = _cheapest(rate(past[:number], floor), ceiling / floor) * floor
        wait = max(min(cheapest, 2 * wait, ceiling), floor)
    return wait


def pace(gains: Sequence[Gain], floor: timedelta) -> str:
    """Say how much retraining has gained, which sets the cadence."""
    if not any(gain.newer > timedelta() for gain in gains):
        return "what retraining gains is not known yet"
    return f"retraining has gained {rate(gains, floor):.1%} of the loss in {length(floor)}"


def _cheapest(pace: float, most: float) -> float:
    """Return the cheapest wait in units, at most so many."""
    return sqrt(2 * COST / pace) if pace * most**2 > 2 * COST else most
