"""What was noticed on two days in a row; the controller asks it too, and loads no table for that."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from noria.rows import SignalRow


def again(row_day: date, subject: tuple[int, str, str], before: Iterable[SignalRow]) -> bool:
    """Return whether a version's monitor noticed this column (version, monitor, column) on the day before."""
    yesterday = (row_day - timedelta(days=1)).isoformat()
    return any(
        row.day == yesterday and row.level != "ok" and (row.version, row.monitor, row.subject) == subject
        for row in before
    )
