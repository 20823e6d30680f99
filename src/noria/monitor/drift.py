"""Drift of the features: each column of a day beside the days that the version learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

import numpy as np

from noria.core.drift import categories, histogram
from noria.core.drift.blocks import FEWEST, Judged, Threshold
from noria.core.drift.budget import covered, daily
from noria.core.drift.change import changes
from noria.core.drift.discovery import SHARE, adjusted
from noria.core.drift.statistic import Whole
from noria.core.profile.grid import Grid, NumberBins
from noria.core.profile.profile import Profile
from noria.core.profile.reference import Reference
from noria.monitor.day import Day
from noria.monitor.profiling import features
from noria.monitor.recurrence import again
from noria.monitor.weight import hangs, matters
from noria.rows import SignalRow

Thresholds = Mapping[str, Threshold]
"""What is usual for each column."""


def drift(day: Day) -> list[SignalRow]:
    """Return a signal for each feature that can be judged, or one that says why none can."""
    thresholds = _of_reference(day.reference)
    if not thresholds:
        reason = f"not judged: version {day.version} learnt from {len(day.reference.blocks)} days of {FEWEST}"
        return [day.signal("drift", "", "ok", 0.0, 0.0, reason)]
    return judged(day, "drift", thresholds)


def learnt(grid: Grid, blocks: Mapping[str, Profile], columns: Sequence[str]) -> Thresholds:
    """Return what is usual for those of the columns whose blocks, by their day or number, tell it."""
    weekdays = _weekdays(list(blocks))
    found = {}
    for name in columns:
        counts = np.stack([profile.counts[grid.slices[name]] for profile in blocks.values()])
        kind = histogram if isinstance(grid.columns[name], NumberBins) else categories
        if threshold := kind.learn(counts, weekdays):
            found[name] = threshold
    return found


def judged(day: Day, monitor: str, thresholds: Thresholds) -> list[SignalRow]:
    """Return a signal for each of these columns that has values on the day.

    Of those that are noticed, at most a share of `SHARE` is false; of days with an alert where nothing
    drifts, at most as many as this monitor's part of the budget. On what drifted, enough has to hang.
    """
    grid, weekday = day.reference.grid, day.day.weekday()
    came = {name: day.profile.counts[grid.slices[name]] for name in thresholds}
    filled = [name for name in thresholds if came[name].any()]
    if not filled:
        return []
    tail = SHARE / len(filled)
    found = [thresholds[name].judge(came[name], weekday, tail) for name in filled]
    together = adjusted(np.array([each.p for each in found])).tolist()
    drifted = [name for name, p in zip(filled, together, strict=True) if p <= SHARE]
    loud = matters(day.reference.importance.get(name) for name in drifted)
    return [
        _signal(day, monitor, name, thresholds[name], each, p, loud=loud)
        for name, each, p in zip(filled, found, together, strict=True)
    ]


def _signal(
    day: Day,
    monitor: str,
    name: str,
    threshold: Threshold,
    found: Judged,
    together: float,
    *,
    loud: bool,
) -> SignalRow:
    """Return the signal of a column, no alert unless `loud`; of those as surprising, `together` is false."""
    counts = day.profile.counts[day.reference.grid.slices[name]]
    a_day = daily(day.project.alerts.false_alarms)
    sure = covered(together, a_day, again(day.day, (day.version, monitor, name), day.before))
    level = "ok" if together > SHARE else "alert" if sure and loud else "notice"
    weight = day.reference.importance.get(name)
    sizes = f"{found.value:.3g} {threshold.UNIT}, usually up to {found.limit:.3g}"
    reason = f"{name} is as usual: {sizes}"
    if level != "ok":
        moved = changes(day.reference.grid.columns[name], threshold.centre(day.day.weekday()), counts)
        reason = f"{name} drifted: {', '.join(map(str, moved))} ({sizes}){hangs(weight)}"
    numbers = {"p": found.p, "together": together, "rows": int(counts.sum()), "importance": weight}
    return day.signal(monitor, name, level, found.value, found.limit, reason, **numbers)


@lru_cache(maxsize=8)
def _of_reference(reference: Reference) -> Thresholds:
    return learnt(reference.grid, reference.blocks, features(reference.grid))


def _weekdays(blocks: Sequence[str]) -> Whole | None:
    """Return the weekdays of blocks that are days, None where they are stretches of rows."""
    try:
        return np.array([date.fromisoformat(block).weekday() for block in blocks], np.int64)
    except ValueError:
        return None
