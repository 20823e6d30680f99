"""How much better a version is than the champion, by matured labels, within bounds that hold at every look.

Rows of one day share their weather, so they are not independent: the unit is the day, as in `compare`. But a
day or two do not tell how much days differ. So with fewer than `DAYS` days the unit is the row, and the
bounds, then too narrow, hold for these days alone: what is worse by far should not go on for days until that
is proven of all days, and to end a rollout wrongly costs little. Who wants days waits for the labels of days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

from noria.core.limits import Finding
from noria.core.paired import Moments, Paired
from noria.core.sequential import bound, mcnemar, mean_sequence

DAYS = 3
"""The number of days from which on they are the unit."""
ALPHA = 0.05
"""Of the bounds: half of it on each side, for rows and for days."""
EVENTS = 20
"""Losses that each of two arms shows before its rows are believed: rare ones may all be still to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityLimit:
    """How much worse than the champion a version may be: by a loss of `margin` a row, in `metric`.

    `labels` is the number of matured labels that a step waits for, and that have to prove it; with 0 quality
    is watched, and not waited for.
    """

    metric: str
    margin: float
    labels: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """The mean gain of a row, positive where the version is better; its standard error, and its bounds."""

    days: int
    rows: int
    mean: float
    error: float
    low: float
    high: float

    @property
    def numbers(self) -> dict[str, float]:
        """All of it, as the ledger keeps it; the bounds follow from the rest, see `by_rows` and `by_days`."""
        return {
            "days": self.days,
            "rows": self.rows,
            "gain": self.mean,
            "error": self.error,
            "low": self.low,
            "high": self.high,
        }

    def __str__(self) -> str:
        return f"{self.mean:+.4f} ({self.low:+.4f} to {self.high:+.4f}, {self.rows} rows, {self.days} days)"


def by_rows(days: Sequence[Moments], alpha: float) -> Gain:
    """Return the gain with the row as the unit: `mean_sequence` of n rows with the variance n error^2."""
    total = sum(days, Moments())
    low, high = mean_sequence(total.rows, total.mean, total.variance, alpha)
    error = sqrt(total.variance / total.rows) if total.rows else inf
    return Gain(days=len(days), rows=total.rows, mean=total.mean, error=error, low=low, high=high)


def by_days(days: Sequence[Moments], alpha: float) -> Gain:
    """Return the gain with the day as the unit; each weighs as much as its rows.

    The standard error is the cluster-robust one of a weighted mean (Cameron, Miller 2015), the bounds are
    those of `mean_sequence` for n days with the variance (n - 1) error^2. They are infinite below `DAYS`
    days, and narrowest soon after: damage is to be seen while it is new.
    """
    total, count = sum(days, Moments()), len(days)
    squares = sum((day.rows / total.rows * (day.mean - total.mean)) ** 2 for day in days)
    error = sqrt(count / (count - 1) * squares) if count > 1 else inf
    low, high = mean_sequence(count, total.mean, count * squares, alpha, target=1)
    if count < DAYS:
        low, high = -inf, inf
    return Gain(days=count, rows=total.rows, mean=total.mean, error=error, low=low, high=high)


def gain(days: Sequence[Paired]) -> Gain:
    """Return the gain in the unit that these days allow."""
    unit = by_days if len(days) >= DAYS else by_rows
    return unit([day.gains for day in days], ALPHA)


def worse(limit: QualityLimit, days: Sequence[Paired]) -> list[Finding]:
    """Test whether a version is worse than the champion by more than the margin.

    By the mean gain; and, until there are enough days, by the rows that only one of both got right: that test
    is exact from the first row on, and sees a broken version after a dozen.
    """
    seen = gain(days)
    findings = [
        Finding(
            test=limit.metric,
            statistic=-seen.high,
            bound=limit.margin,
            above=seen.mean < -limit.margin,
            said=f"{limit.metric} against the champion is {seen}, the margin is {limit.margin:g}",
            counts=seen.numbers,
        )
    ]
    return findings if len(days) >= DAYS else [*findings, _misses(limit, seen, days)]


def waits(limit: QualityLimit, days: Sequence[Paired]) -> str:
    """Return what a step still lacks to show that a version is not worse beyond the margin; "" if nothing."""
    seen = gain(days)
    if seen.rows < limit.labels:
        return f"{seen.rows} of {limit.labels} matured labels seen"
    if limit.labels and (rare := _rare(days)):
        return rare
    if limit.labels and seen.low <= -limit.margin:
        return f"{limit.metric} against the champion is {seen}: not proven within the margin {limit.margin:g}"
    return ""


def _rare(days: Sequence[Paired]) -> str:
    """Return what is too rare in two arms for the row to be the unit; "" if nothing, and for pairs."""
    both = sum(days, Paired())
    if len(days) >= DAYS or not both.own.rows:
        return ""
    fewest = round(min(both.own.events, both.champion.events))
    return f"one of both shows losses in {fewest} rows, {EVENTS} are needed" if fewest < EVENTS else ""


def _misses(limit: QualityLimit, seen: Gain, days: Sequence[Paired]) -> Finding:
    pairs = sum(days, Paired())
    won, lost = pairs.won, pairs.lost
    return Finding(
        test="mcnemar",
        statistic=mcnemar(lost, won),
        bound=bound(ALPHA / 2),
        above=lost - won > limit.margin * seen.rows and seen.mean < 0,
        said=f"of {seen.rows} rows it alone missed {lost}, and the champion alone {won}",
        counts={"rows": seen.rows, "won": won, "lost": lost},
    )
