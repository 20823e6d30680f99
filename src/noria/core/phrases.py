"""Names and durations in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

SHOWN = 3


def listed(names: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b, c and 4 more"."""
    if len(names) > SHOWN + 1:
        return f"{', '.join(names[:SHOWN])} and {len(names) - SHOWN} more"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def length(duration: timedelta) -> str:
    """Return a duration in words, such as "14 days" or "1.5 hours"."""
    day, hour = timedelta(days=1), timedelta(hours=1)
    size, unit = (day, "day") if duration >= day else (hour, "hour")
    count = f"{duration / size:.3g}"
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"
