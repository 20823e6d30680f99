"""How long to wait until the next training: as long as it takes to gain what is worth one.

The gain of a retrained model over the champion grows with what the champion has not seen. Its rate, measured
by the runs before, says when the next one pays (compare CARA, arXiv 2310.04216).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

WORTHWHILE = 0.01
"""The share of the champion's loss that a training is waited for."""
PRIOR = timedelta(days=14)
"""So many days without a gain are added to what was seen, so that one lucky week does not set the pace."""
REMEMBERED = 6
"""Gains that are looked back on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What a run's candidate gained over the champion, as a share of its loss.

    `newer` is how much newer the candidate's data was, `passed` whether it passed its gates.
    """

    share: float
    newer: timedelta
    passed: bool


def rate(past: Sequence[Gain]) -> float:
    """Return the share of the loss that retraining gains each day, 0 while it is not known to gain any."""
    seen = [gain for gain in past if gain.newer > timedelta()][-REMEMBERED:]
    days = sum((gain.newer for gain in seen), PRIOR) / timedelta(days=1)
    return max(sum(gain.share for gain in seen) / days, 0.0)


def interval(floor: timedelta, ceiling: timedelta, past: Sequence[Gain]) -> timedelta:
    """Return how long after the last run the next one is due; `past` are the runs' gains, oldest first.

    It begins with the floor. A refusal doubles it; a promotion sets it to what the rate says.
    """
    wait = floor
    for number, gain in enumerate(past, 1):
        wait = _until_it_pays(rate(past[:number]), ceiling) if gain.passed else 2 * wait
        wait = min(max(wait, floor), ceiling)
    return wait


def _until_it_pays(pace: float, ceiling: timedelta) -> timedelta:
    if pace * (ceiling / timedelta(days=1)) <= WORTHWHILE:
        return ceiling
    return timedelta(days=WORTHWHILE / pace)
