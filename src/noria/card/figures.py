"""Figures and moments as a card writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import isfinite

from noria.core.compare import Block, pooled
from noria.core.interval import Interval


def over_days(values: Iterable[float | None]) -> Interval | None:
    """Return the mean of daily values with its interval; None for none."""
    blocks = [Block(block=n, rows=1, gain=value) for n, value in enumerate(values) if value is not None]
    found = pooled("", blocks)
    return Interval(value=found.gain, low=found.low, high=found.high) if blocks else None


def span(interval: Interval | None) -> str:
    """Return a figure with the ends of its interval."""
    if interval is None:
        return ""
    if not isfinite(interval.high - interval.low):
        return f"{number(interval.value)} (too few days)"
    return f"{number(interval.value)} ({number(interval.low)} to {number(interval.high)})"


def number(value: float) -> str:
    return f"{value:.4f}"


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def pairs(values: Mapping[str, object]) -> str:
    """Return names with their values."""
    return ", ".join(f"{name} = {value}" for name, value in values.items())
