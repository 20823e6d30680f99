"""Label delay and maturity: when a prediction may be judged.

A prediction is mature once its label is due. What is not mature never decides (invariant 9): early labels
are not a fair sample, as the quick outcomes come first. How long labels really take is learnt from those
that came.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

DELAYS = tuple(
    timedelta(hours=hours)
    for hours in (
        0.25,
        1,
        3,
        6,
        12,
        *(24 * days for days in (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 180)),
    )
)
"""Labels are counted by the first of these delays that they did not exceed; the rest beyond them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Predictions of an `age` at least: how many, and their labels by delay (one more than `DELAYS`)."""

    age: timedelta
    predictions: int
    delays: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Which share of the labels that ever come is in after each of the first `DELAYS`; rising to 1.

    `labelled` is the share of the predictions that get one.
    """

    shares: tuple[float, ...]
    labelled: float

    def share(self, age: timedelta) -> float:
        """Return the share of the labels that are in after so long, 0 to 1."""
        after = bisect_left(DELAYS, age)
        if after >= len(self.shares):
            return 1.0
        begin, low = (DELAYS[after - 1], self.shares[after - 1]) if after else (timedelta(0), 0.0)
        return low + (self.shares[after] - low) * max((age - begin) / (DELAYS[after] - begin), 0.0)

    def delay(self, share: float) -> timedelta:
        """Return after how long this share of the labels is in, as one of `DELAYS`."""
        return DELAYS[min(bisect_left(self.shares, share - 1e-12), len(self.shares) - 1)]


def matures_at(day: date, label_delay: timedelta) -> datetime:
    """Return when the last prediction of a day (UTC) is mature."""
    end = datetime.combine(day, time(), UTC) + timedelta(days=1)
    return end + label_delay


def last_mature_day(label_delay: timedelta, now: datetime) -> date:
    """Return the newest day whose predictions are all mature."""
    return (now - label_delay).astimezone(UTC).date() - timedelta(days=1)


def learnt(cohorts: Sequence[Cohort]) -> Curve | None:
    """Return the curve of the label delay; None where no cohort is old enough to have labels.

    The product-limit estimate (Kaplan and Meier, JASA 1958): a cohort says something of a delay only if it is
    older than that, so young cohorts, whose late labels are still to come, do not make labels look quick.
    """
    missing, left = [], 1.0
    for place, delay in enumerate(DELAYS):
        old = [cohort for cohort in cohorts if cohort.age >= delay]
        waiting = sum(cohort.predictions - sum(cohort.delays[:place]) for cohort in old)
        if not waiting:
            break
        left *= 1 - sum(cohort.delays[place] for cohort in old) / waiting
        missing.append(left)
    labelled = 1 - left
    if labelled <= 0:
        return None
    return Curve(shares=tuple((1 - each) / labelled for each in missing), labelled=labelled)
