"""How soon drift of one column in ten is found, by noria and by others, beside their false alarms."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf, isinf
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.drift import MONTH, SHARE_OF_BUDGET, stability
from benchmarks.environments import environment, pinned_version
from benchmarks.evidence import ROOT, Found
from benchmarks.still.shifts import AFTER, BEFORE, COLUMNS, LEARNT, ROWS, SHIFTED, Shifting, drawn
from noria.monitor.data_quality import data_quality
from noria.monitor.day import Day
from noria.monitor.drift import drift
from noria.rows import SignalRow

SIZES = (0.1, 0.2, 0.3, 0.5, 1.0)
"""In standard deviations."""
REPEATS = 10
WARM = 20
"""Days of those learnt from that a detector sees which learns while it watches."""
ALERTS = "noria: alerts"
SURE = 0.5
"""The size from which on each shift is to be an alert on its second day at the latest."""

Raised = Mapping[str, Sequence[int]]
"""The days of a stream with an alarm: `before` a shift of any column, `after-SIZE` of the one that moved."""


def measure(scratch: Path) -> Found:
    """Plant shifts of each size in streams of their own, and let all methods look."""
    found: dict[str, list[Raised]] = {}
    for seed in range(REPEATS):
        stream = drawn(seed)
        for method, raised in _ours(stream).items():
            found.setdefault(method, []).append(raised)
        after = {_after(size): stream.shifted(size) for size in SIZES}
        quiet = stream.values[:, LEARNT - WARM : LEARNT + BEFORE]
        np.savez(scratch / f"shift-{seed:02}.npz", quiet=quiet, warm=WARM, **after)
    found |= _rivers(scratch)
    late = [_delay(raised[_after(size)]) for raised in found[ALERTS] for size in SIZES if size >= SURE]
    return Found(
        title="How soon drift is found",
        how=_how(),
        header=("method", "false alarms a month", *(f"delay at {size:g}" for size in SIZES)),
        rows=[_row(method, streams) for method, streams in found.items()],
        target=f"Target: their part of the budget, and each shift of {SURE:g} or more an alert in two days",
        reached=_false(found[ALERTS]) <= 2 * SHARE_OF_BUDGET and max(late) <= 2,
    )


def _ours(stream: Shifting) -> dict[str, Raised]:
    """Return what noria and PSI raise in a stream, by the method."""
    reference = stream.reference()
    quiet = list(stream.watched(reference, 0.0))
    before = _asked(quiet)
    parts = {"before": _raised(quiet, before)}
    for size in SIZES:
        after = list(stream.watched(reference, size))
        parts[_after(size)] = _raised(after, _asked(after, quiet, before), SHIFTED)
    return {method: {part: days[method] for part, days in parts.items()} for method in parts["before"]}


def _asked(
    days: Sequence[Day], past: Sequence[Day] = (), before: Sequence[SignalRow] = ()
) -> list[SignalRow]:
    """Return what both monitors of columns say of days that come after others."""
    said = list(before)
    profiles = {day.day.isoformat(): day.profile for day in past}
    for day in days:
        known = replace(day, before=tuple(said), past=dict(profiles))
        said += [*drift(known), *data_quality(known)]
        profiles[day.day.isoformat()] = day.profile
    return said[len(before) :]


def _raised(
    days: Sequence[Day], said: Sequence[SignalRow], column: str | None = None
) -> dict[str, list[int]]:
    """Return the days, from 0 on, on which each method names the column, or any if it is None."""
    place = {day.day.isoformat(): number for number, day in enumerate(days)}
    named = [row for row in said if row.level != "ok" and column in (None, row.subject)]
    loud = [row for row in named if row.level == "alert"]
    at = [*days[0].reference.grid.columns].index(column) if column else slice(None)
    psi = np.array([stability([day]) for day in days])[:, at].reshape(len(days), -1).max(axis=1)
    return {
        ALERTS: sorted({place[row.day] for row in loud}),
        "noria: alerts of drift alone": sorted({place[row.day] for row in loud if row.monitor == "drift"}),
        "noria: alerts and notices": sorted({place[row.day] for row in named}),
        "PSI > .1": np.flatnonzero(psi > 0.1).tolist(),
        "PSI > .2": np.flatnonzero(psi > 0.2).tolist(),
    }


def _rivers(scratch: Path) -> dict[str, list[Raised]]:
    script = ROOT / "benchmarks" / "peers" / "river_shifts.py"
    said = subprocess.run(
        [environment("river") / "python", script, scratch], stdout=subprocess.PIPE, check=True, text=True
    )
    return {f"River: {name}": streams for name, streams in json.loads(said.stdout).items()}


def _row(method: str, streams: Sequence[Raised]) -> list[object]:
    told = []
    for size in SIZES:
        delays = [_delay(raised[_after(size)]) for raised in streams]
        typical = median(delays)
        told.append(f"{'never' if isinf(typical) else f'{typical:g}'} ({sum(map(isinf, delays))} missed)")
    return [method, round(_false(streams), 2), *told]


def _false(streams: Sequence[Raised]) -> float:
    """Return the days with a false alarm, a month."""
    return sum(len(raised["before"]) for raised in streams) / (BEFORE * len(streams)) * MONTH


def _delay(alarms: Sequence[int]) -> float:
    """Return the days up to the first alarm; infinite without one."""
    return alarms[0] + 1 if alarms else inf


def _after(size: float) -> str:
    return f"after-{size:g}"


def _how() -> str:
    return (
        f"{COLUMNS} columns of independent normal numbers, {ROWS:,} a day: {LEARNT} days are learnt from, "
        f"{BEFORE} follow without drift, and {AFTER} on which the mean of one column has moved, by so many "
        "standard deviations. The delay is the number of days until that column is named, the first day "
        f"counted: the median of {REPEATS} streams, and in brackets how many shifts were not found. False "
        "alarms are days before the shift on which any column is named. noria's monitors of columns, drift "
        "and data_quality, look with the default budget of one false alarm a month, of which each has an "
        "eighth. PSI looks at each day, in ten bins. River "
        f"{pinned_version('river', 'river')} follows each number, row by row, with its defaults, from the "
        f"last {WARM} days on that are learnt from.\n\nThese rows are independent. On flights, where they "
        "are not, both of River's detectors raise alarms in every week without drift: [figures](drift.md)."
    )
