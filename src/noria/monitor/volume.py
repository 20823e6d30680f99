"""The volume of a day: whether as many predictions are asked for as usual, and at all hours.

Days are compared on a log scale, with the median of the last week, or of the same weekday in the last weeks:
with that only if it has foretold the days so far much better. A rollout changes nothing, for all versions
count together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import exp, log
from statistics import median

import numpy as np

from noria.core.drift.budget import daily
from noria.core.series import levels
from noria.monitor.day import Day
from noria.rows import SignalRow

MONITOR = "volume"
FEWEST = 14
"""Days of traffic after which the next one is judged."""
WORTH = 1.5
"""How many times more or fewer predictions than usual are worth an alert, however sure it is."""
SILENT = 0.1
"""The share of a day's predictions that usually comes in the hours that stayed empty."""
HOURS = 24
LAST_WEEK = range(1, 8)
SAME_WEEKDAY = range(7, 29, 7)
CLOSER = 0.8
"""The share of its errors that a forecast by the weekday keeps at most, if the weekday is to matter."""
ENOUGH = 10
"""Days from which on it is known how well a forecast does, and whether an hour is ever empty."""


def volume(day: Day) -> list[SignalRow]:
    """Return a row for the traffic of all versions, by the champion's day alone.

    Its value is the predictions as a multiple of what they usually are; its limit, how many times more, or
    fewer, are worth an alert.
    """
    if day.traffic is None:
        return []
    past = [row for row in day.before if row.monitor == MONITOR]
    hours = [day.traffic.get(f"{day.day.isoformat()}T{hour:02}", 0) for hour in range(HOURS)]
    rows = sum(hours)
    numbers = {"rows": rows, "hours": hours}
    if len(past) < FEWEST:
        said = f"{rows} predictions; what is usual is known after {FEWEST} days"
        return [day.signal(MONITOR, "", "ok", 1.0, WORTH, said, **numbers)]
    usual, spread = _foretold(day.day, past)
    p = float(levels.tail(spread, np.array([log(rows + 1) - usual]))[0])
    ratio = (rows + 1) / exp(usual)
    limit = daily(day.project.alerts.false_alarms)
    quiet = _silent(hours, past)
    level, said = "ok", f"{rows} predictions, as usual"
    if quiet:
        level = "alert" if quiet[1] >= SILENT else "notice"
        said = f"no predictions from {quiet[0]}, when {quiet[1]:.0%} of a day's usually come"
    if max(ratio, 1 / ratio) >= WORTH and p <= limit:
        level, said = "alert", f"{rows} predictions, {ratio:.2g} times as many as usual ({exp(usual):.0f})"
    if rows == 0:
        said = f"no predictions at all; usually {exp(usual):.0f}"
    return [day.signal(MONITOR, "", level, ratio, WORTH, said, p=p, **numbers)]


def _foretold(today: date, past: Sequence[SignalRow]) -> tuple[float, levels.Levels]:
    """Return the logarithm of what is expected today, and the errors that its forecast made on good days."""
    known = {date.fromisoformat(row.day): log(row.numbers["rows"] + 1) for row in past}
    good = [date.fromisoformat(row.day) for row in past if row.level != "alert"]
    ways: list[tuple[float, levels.Levels]] = []
    for days, fewest in ((LAST_WEEK, 3), (SAME_WEEKDAY, 2)):
        foretold = {day: _median(known, day, days, fewest) for day in (*good, today)}
        errors = [known[day] - usual for day in good if (usual := foretold[day]) is not None]
        expected = foretold[today]
        if expected is not None and len(errors) >= ENOUGH:
            ways.append((expected, levels.learn(np.array(errors)[:, None])))
    if not ways:
        return median(known.values()), levels.learn(np.empty((0, 1)))
    best, *seasonal = ways
    for way in seasonal:
        if way[1].spread[0] < CLOSER * best[1].spread[0]:
            best = way
    return best


def _median(known: Mapping[date, float], day: date, back: Sequence[int], fewest: int) -> float | None:
    """Return the median of the days so far back, None where fewer are known."""
    found = [known[day - timedelta(days=days)] for days in back if day - timedelta(days=days) in known]
    return median(found) if len(found) >= fewest else None


def _silent(hours: Sequence[int], past: Sequence[SignalRow]) -> tuple[str, float] | None:
    """Return the empty hours that never were so on a good day, and their usual share; None where none are."""
    counts = np.array([row.numbers["hours"] for row in past if row.level != "alert"], np.float64)
    if len(counts) < ENOUGH or not any(hours):
        return None
    empty = (np.array(hours) == 0) & (counts > 0).all(axis=0)
    if not empty.any():
        return None
    at = np.flatnonzero(empty)
    share = counts[:, empty].sum() / counts.sum()
    return f"{at[0]:02}:00 to {at[-1] + 1:02}:00 UTC", float(share)
