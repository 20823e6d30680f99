"""How a comparison is told, on the terminal and on the page alike."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import Any

from noria.comparison.result import Comparison
from noria.core.interval import Interval


def span(found: Comparison) -> str:
    """Return on which rows both were compared."""
    rows = found.rows
    return f"on {rows.count:,} rows in {rows.blocks} blocks, {rows.begin} to {rows.end}: {rows.told}"


def judged(gain: Interval) -> str:
    """Return whether a gain is beyond chance: "better", "worse" or "no difference seen"."""
    if gain.low > 0:
        return "better"
    return "worse" if gain.high < 0 else "no difference seen"


def number(value: float) -> str:
    return f"{value:.4f}" if isfinite(value) else "-"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms"


def size(count: int) -> str:
    """Return a number of bytes in kB or MB."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def spelled(value: Any) -> str:
    """Return a value of a row or of a record: short, and nothing where there is none."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
