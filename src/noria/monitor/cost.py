"""What a day's drift is estimated to cost: its expected loss, beside that of the days before."""

from __future__ import annotations

from collections.abc import Iterable

from noria.rows import SignalRow


def cost(said: Iterable[SignalRow]) -> str:
    """Return the change of the loss that the best estimate with skill expects; "" where none has any.

    `said` are the signals of a version's day, those of the monitor estimates among them.
    """
    losses = [row for row in said if row.monitor == "estimates" and row.numbers.get("loss")]
    shown = [row for row in losses if row.numbers["shown"]]
    if not shown:
        return ""
    best = max(shown, key=lambda row: float(row.numbers["skill"]))
    metric, before = best.subject.rpartition(" of ")[2], float(best.numbers["unchanged"])
    return (
        f"{metric} of this day is estimated at {best.value:.4f} ± {best.limit:.4f}, "
        f"{best.value - before:+.4f} beside the days before"
    )
