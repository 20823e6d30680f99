"""Label delay and maturity: when a prediction may be judged.

A prediction is mature once its label is due. What is not mature never decides (invariant 9): early labels
are not a fair sample, as the quick outcomes come first.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta


def matures_at(day: date, label_delay: timedelta) -> datetime:
    """Return when the last prediction of a day (UTC) is mature."""
    end = datetime.combine(day, time(), UTC) + timedelta(days=1)
    return end + label_delay


def last_mature_day(label_delay: timedelta, now: datetime) -> date:
    """Return the newest day whose predictions are all mature."""
    return (now - label_delay).astimezone(UTC).date() - timedelta(days=1)
