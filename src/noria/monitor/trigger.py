"""Whether drift calls for a run: a question with a rate of false alarms of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from noria.core.drift.budget import covered, daily
from noria.core.policy import Rate
from noria.monitor.recurrence import again
from noria.monitor.weight import matters, order
from noria.rows import SignalRow

ASKED = ("drift", "score")
"""The monitors whose word counts, each with half of the rate."""


def drift_call(signals: Sequence[SignalRow], rate: Rate) -> str | None:
    """Return why drift calls for a run, None where it does not, or hardly anything hangs on what drifted.

    `signals` are those of the champion since the last run. They are judged anew, by the rate of the trigger:
    alerts are for people, and have their own.
    """
    a_day = daily(rate, monitors=len(ASKED))
    found = [
        row
        for row in signals
        if row.monitor in ASKED
        and covered(
            row.numbers.get("together", 1.0),
            a_day,
            again(date.fromisoformat(row.day), (row.version, row.monitor, row.subject), signals),
        )
    ]
    days = [
        day
        for day in sorted({row.day for row in found})
        if matters(row.numbers.get("importance") for row in found if row.day == day)
    ]
    if not days:
        return None
    worst = sorted((row for row in found if row.day == days[-1]), key=order, reverse=True)
    return f"drift on {days[-1]}: " + "; ".join(row.reason for row in worst[:3])
