"""A series of numbers as a word: ▁▂▃▅█."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

LEVELS = "▁▂▃▄▅▆▇█"
NOTHING = "·"


def sparkline(values: Sequence[float | None], low: float | None = None, high: float | None = None) -> str:
    """Return a character for each value, from the lowest to the highest, or from `low` to `high`.

    What is None or not finite is a dot.
    """
    known = [value for value in values if value is not None and isfinite(value)]
    bottom = min(known, default=0.0) if low is None else low
    top = max(known, default=0.0) if high is None else high
    return "".join(_level(value, bottom, top) for value in values)


def _level(value: float | None, bottom: float, top: float) -> str:
    if value is None or not isfinite(value):
        return NOTHING
    share = (value - bottom) / (top - bottom) if top > bottom else 0.0
    return LEVELS[min(max(int(share * len(LEVELS)), 0), len(LEVELS) - 1)]
