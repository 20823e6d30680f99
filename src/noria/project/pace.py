"""How fast the wheel of a fresh project turns, from the span and the number of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from noria.project.units import parse_duration

LENGTHS = (
    "10m", "30m", "1h", "2h", "4h", "8h", "12h", "1d", "2d", "4d", "7d", "14d", "28d", "56d", "112d", "364d",
)  # fmt: skip
PARTS, FEWEST_PARTS = 48, 8
"""A holdout is a 48th of the span, a week of a year; up to an 8th, where it would have too few rows."""
ROWS = 400
"""The rows that a holdout should have, before its length is rounded down."""
STRETCH = 3
"""The longest wait between two runs, in holdouts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The first holdout, and the least and the longest wait of the cadence, as the project file has them."""

    holdout: str
    floor: str
    ceiling: str


def pace(span: timedelta | None, rows: int) -> Pace:
    """Return the pace for so many rows over `span`, which is None where they have only an order."""
    if not span:
        return Pace(holdout="20%", floor="7d", ceiling="21d")
    wanted = min(max(span / PARTS, span * min(ROWS / rows, 1)), span / FEWEST_PARTS)
    fitting = [length for length in LENGTHS if parse_duration(length) <= wanted]
    floor = fitting[-1] if fitting else LENGTHS[0]
    return Pace(holdout=floor, floor=floor, ceiling=_times(floor, STRETCH))


def _times(length: str, count: int) -> str:
    return f"{int(length[:-1]) * count}{length[-1]}"
