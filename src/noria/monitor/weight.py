"""What a signal weighs: how far a column is from usual, times the share of the answers that hangs on it.

Drift says that a column moved, and not that it matters. The columns that a model hardly uses may move as they
like: that is noticed, and wakes nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

from noria.rows import SignalRow

LEVELS = ("ok", "notice", "alert")
HARDLY = 0.01
"""The share of the answers that has to hang on the columns that drifted, all together, for an alert."""


def far(row: SignalRow) -> float:
    """Return how far from usual a signal is: 1 is its limit."""
    return row.value / row.limit if row.limit else row.value


def share(row: SignalRow) -> float:
    """Return the share (0 to 1) of the answers that hangs on a signal's column; 1 where it is not known."""
    known: float | None = row.numbers.get("importance")
    return 1.0 if known is None else known


def order(row: SignalRow) -> tuple[int, float]:
    """Return by what signals are ordered, the heaviest last: how loud they are, and what they weigh."""
    return LEVELS.index(row.level), share(row) * far(row)


def matters(importances: Iterable[float | None]) -> bool:
    """Return whether enough hangs on columns with these importances; what is not known matters."""
    found = list(importances)
    return None in found or sum(each or 0.0 for each in found) >= HARDLY


def hangs(importance: float | None) -> str:
    """Return what hangs on a column, ready to be appended; "" where it is not known."""
    return "" if importance is None else f"; {_percent(importance)} of the answers hangs on it"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= HARDLY else "less than 1%"
