"""Drift of the answers: a day's outputs beside those of the version's days in service before it.

What a model answered to the rows that it learnt from is no yardstick: it knew their truths.
"""

from __future__ import annotations

from noria.core.drift.blocks import FEWEST
from noria.monitor.day import Day
from noria.monitor.drift import judged, learnt
from noria.monitor.profiling import OUTPUT
from noria.rows import SignalRow


def score(day: Day) -> list[SignalRow]:
    """Return a signal for each output, or one that says why none can be judged."""
    outputs = [name for name in day.reference.grid.columns if name.startswith(OUTPUT)]
    thresholds = learnt(day.reference.grid, day.past, outputs) if day.past else {}
    if thresholds:
        return judged(day, "score", thresholds)
    reason = f"not judged: version {day.version} has served for {len(day.past)} days of {FEWEST}"
    return [day.signal("score", "", "ok", 0.0, 0.0, reason)]
