"""How fast the wheel of a fresh project turns, from the span and the number of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from noria.project.units import parse_duration

LENGTHS = (
    "10m", "30m", "1h", "2h", "4h", "8h", "12h", "1d", "2d", "4d", "7d", "14d", "28d", "56d", "112d", "364d",
)  # fmt: skip
PARTS, FEWEST_PARTS = 48, 8
"""Lengths are a 48th of the span, a week of a year; up to an 8th, where they would have too few rows."""
HOLDOUT_ROWS, FLOOR_ROWS = 400, 20
"""The rows that a holdout, and the least wait between two runs, should have before they are rounded down.

On a holdout alone a model is judged; what comes between two runs is added to what came before.
"""
STRETCH = 3
"""The longest wait between two runs, in holdouts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The first holdout, and the least and the longest wait of the cadence, as the project file has them.

    `enough_rows` are half of the rows that come in the least wait: a run after it has something to judge by.
    """

    holdout: str
    floor: str
    ceiling: str
    enough_rows: int


def pace(span: timedelta | None, rows: int) -> Pace:
    """Return the pace for so many rows over `span`, which is None where they have only an order."""
    if not span:
        return Pace(holdout="20%", floor="7d", ceiling="21d", enough_rows=_enough(rows / 52))
    holdout, floor = (_length(span, min(wanted / rows, 1)) for wanted in (HOLDOUT_ROWS, FLOOR_ROWS))
    return Pace(
        holdout=holdout,
        floor=floor,
        ceiling=_times(floor, STRETCH),
        enough_rows=_enough(rows * (parse_duration(floor) / span)),
    )


def _length(span: timedelta, share: float) -> str:
    """Return a 48th of the span, or that share of it if that is more, rounded down."""
    wanted = min(max(span / PARTS, span * share), span / FEWEST_PARTS)
    fitting = [length for length in LENGTHS if parse_duration(length) <= wanted]
    return fitting[-1] if fitting else LENGTHS[0]


def _enough(coming: float) -> int:
    return min(500, max(10, int(coming / 2)))


def _times(length: str, count: int) -> str:
    return f"{int(length[:-1]) * count}{length[-1]}"
