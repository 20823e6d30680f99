"""The volume of a day: whether as many predictions are asked for as usual, at all hours, and each once.

Days are compared on a log scale, with the median of the last week, or of the same weekday in the last weeks:
with that only if it has foretold the days so far much better. A rollout changes nothing, for all versions
count together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import exp, log
from statistics import median

import numpy as np

from noria.core.drift.budget import daily
from noria.core.profile.profile import EACH, empty, total
from noria.core.series import levels, shares
from noria.monitor.day import Day
from noria.monitor.profiling import TRAFFIC
from noria.rows import SignalRow

MONITOR = "volume"
FEWEST = 14
"""Days of traffic after which the next one is judged."""
WORTH = 1.5
"""How many times more or fewer predictions than usual are worth an alert, however sure it is."""
SILENT = 0.1
"""The share of a day's predictions that usually comes in the hours that stayed empty."""
REPEATED = 0.1
"""The share of repetitions beyond the usual that is worth an alert: six times the error of the sketch."""
HOURS = 24
LAST_WEEK = range(1, 8)
SAME_WEEKDAY = range(7, 29, 7)
CLOSER = 0.8
"""The share of its errors that a forecast by the weekday keeps at most, if the weekday is to matter."""
ENOUGH = 10
"""Days from which on it is known how well a forecast does, and whether an hour is ever empty."""


Verdict = tuple[str, str]
"""A level and a sentence."""


def volume(day: Day) -> list[SignalRow]:
    """Return a row for the traffic of all versions, by the champion's day alone.

    Its value is the predictions as a multiple of what they usually are; its limit, how many times more, or
    fewer, are worth an alert.
    """
    if day.traffic is None:
        return []
    past = [row for row in day.before if row.monitor == MONITOR]
    none = empty(TRAFFIC)
    hours = [day.traffic.get(f"{day.day}T{hour:02}", none).rows for hour in range(HOURS)]
    different = total(day.traffic.values(), TRAFFIC).sketches.different(EACH)
    rows = sum(hours)
    again = round(max(rows - different, 0)) if different else 0
    numbers = {"rows": rows, "hours": hours, "again": again}
    if len(past) < FEWEST:
        said = f"{rows} predictions; what is usual is known after {FEWEST} days"
        return [day.signal(MONITOR, "", "ok", 1.0, WORTH, said, **numbers)]
    usual, errors = _foretold(day.day, past)
    p = float(levels.tail(errors, np.array([log(rows + 1) - usual]))[0])
    limit = daily(day.project.alerts.false_alarms)
    found = [
        *_amount(rows, exp(usual), p, limit),
        *_silence(hours, past),
        *_repetition(again, rows, past, limit),
    ]
    level = min((level for level, _ in found), default="ok")  # an alert before a notice
    reason = "; ".join(said for _, said in found) or f"{rows} predictions, as usual"
    return [day.signal(MONITOR, "", level, (rows + 1) / exp(usual), WORTH, reason, p=p, **numbers)]


def _amount(rows: int, usual: float, p: float, limit: float) -> Iterator[Verdict]:
    ratio = (rows + 1) / usual
    if max(ratio, 1 / ratio) < WORTH or p > limit:
        return
    times = f"{rows} predictions, {ratio:.2g} times as many as usual" if rows else "no predictions at all"
    yield "alert", f"{times}; usually {usual:.0f}"


def _silence(hours: Sequence[int], past: Sequence[SignalRow]) -> Iterator[Verdict]:
    """Judge the empty hours that never were so on a good day."""
    counts = np.array([row.numbers["hours"] for row in past if row.level != "alert"], np.float64)
    if len(counts) < ENOUGH or not any(hours):
        return
    empty_hours = (np.array(hours) == 0) & (counts > 0).all(axis=0)
    if empty_hours.any():
        at = np.flatnonzero(empty_hours)
        share = counts[:, empty_hours].sum() / counts.sum()
        times = f"from {at[0]:02}:00 to {at[-1] + 1:02}:00 UTC"
        level = "alert" if share >= SILENT else "notice"
        yield level, f"no predictions {times}, when {share:.0%} of a day's usually come"


def _repetition(again: int, rows: int, past: Sequence[SignalRow], limit: float) -> Iterator[Verdict]:
    """Judge how many predictions repeat others of the day, by how many usually do."""
    good = [row.numbers for row in past if row.level != "alert"]
    known = np.array([[numbers["again"], numbers["rows"]] for numbers in good], np.int64).reshape(-1, 2)
    usual = shares.learn(known[:, :1], known[:, 1:])
    more = again - float(usual.mean[0]) * rows
    if more > REPEATED * rows and shares.above(usual, np.array([again]), np.array([rows]))[0] <= limit:
        yield "alert", f"{again / rows:.0%} of {rows} predictions were asked for before on this day"


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
