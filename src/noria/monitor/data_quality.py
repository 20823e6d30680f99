"""The data quality of a day: whether values are there, known, of their type, moving, and in their unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from math import log10

import numpy as np

from noria.core.drift.budget import daily
from noria.core.drift.discovery import SHARE, adjusted
from noria.core.profile.profile import Profile
from noria.core.profile.reference import Reference
from noria.core.series.columns import SERIES, Series, Usual, learn, measure, unlikely
from noria.core.series.levels import FEWEST
from noria.monitor.broken import Broken, said
from noria.monitor.day import Day
from noria.monitor.profiling import features
from noria.rows import SignalRow

MONITOR = "data_quality"
REMEMBERED = timedelta(days=7)
"""How long a column's last good day is known; then its level is held against the reference's."""
LEAST = 1e-99
"""A probability below which none is told apart."""


def data_quality(day: Day) -> list[SignalRow]:
    """Return a row for each feature, or one that says why none is judged; none for a day without rows.

    Value and limit are negative decimal logarithms of a probability: how unlikely a column is on this day,
    given how many are looked at, and how unlikely it must be to be an alert.
    """
    if not day.profile.rows:
        return []
    usual = _usual(day.reference)
    if usual.blocks < FEWEST:
        reason = f"not judged: version {day.version} learnt from {usual.blocks} days of {FEWEST}"
        return [day.signal(MONITOR, "", "ok", 0.0, 0.0, reason)]
    earlier = _earlier(day)
    last = [_last_good(day, earlier.get(name, ())) for name in usual.features]
    p = unlikely(usual, day.reference.grid, day.profile, last)
    seen = measure([day.profile], day.reference.grid, usual.features, usual.calm)
    found = adjusted(np.minimum(p.min(axis=0) * len(SERIES), 1))
    limit = daily(day.project.alerts.false_alarms)
    rows = []
    for at, column in enumerate(usual.features):
        level = "alert" if found[at] <= limit else "notice" if found[at] <= SHARE else "ok"
        # Wrong values move the mean, too: what explains more is told, if it is as good as certain by itself.
        sure = max(p[:, at].min(), limit / p.size)
        series = SERIES[int((p[:, at] <= sure).argmax())]
        reason = f"{column} is as usual"
        if level != "ok":
            broken = Broken(day=day, usual=usual, seen=seen, at=at, last=last[at])
            reason = f"{column} {said(broken, series)}{_since(earlier.get(column, ()))}"
        weight = day.reference.importance.get(column)
        numbers = {"series": series, "p": float(found[at]), "importance": weight, **_numbers(seen, usual, at)}
        value = abs(log10(max(found[at], LEAST)))
        rows.append(day.signal(MONITOR, column, level, value, -log10(limit), reason, **numbers))
    return rows


@lru_cache(maxsize=16)
def _usual(reference: Reference) -> Usual:
    return learn(reference, features(reference.grid))


def _earlier(day: Day) -> Mapping[str, Sequence[SignalRow]]:
    """Return what was said of each of this version's columns in the last days, the newest last."""
    found: dict[str, list[SignalRow]] = defaultdict(list)
    since = (day.day - REMEMBERED).isoformat()
    for row in day.before:
        if row.day >= since and row.monitor == MONITOR and row.version == day.version:
            found[row.subject].append(row)
    return found


def _last_good(day: Day, earlier: Sequence[SignalRow]) -> Profile | None:
    """Return the profile of a column's last day without an alert, None where there is none."""
    good = [row.day for row in earlier if row.level != "alert"]
    return day.past.get(good[-1]) if good else None


def _since(earlier: Sequence[SignalRow]) -> str:
    """Return since when a column has been noticed on every day."""
    begin = ""
    for row in reversed(earlier):
        if row.level == "ok":
            break
        begin = row.day
    return f"; since {begin}" if begin else ""


def _numbers(seen: Series, usual: Usual, at: int) -> dict[str, float]:
    """Return the series of a column on this day, for the page."""
    numbers = {
        "rows": seen.rows, "missing": seen.missing, "invalid": seen.invalid, "unseen": seen.outside,
        "mean": seen.mean, "spread": np.exp(seen.spread) - usual.calm, "variety": np.exp(seen.variety),
    }  # fmt: skip
    return {name: float(value[0, at]) for name, value in numbers.items() if np.isfinite(value[0, at])}
