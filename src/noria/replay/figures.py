"""How figures and moments are written, for the table, the page and the recommendation alike."""

from __future__ import annotations

from datetime import datetime
from math import floor, isfinite, log10

from noria.core.interval import Interval
from noria.replay.result import Replay


def loss(value: float, scale: float | None = None) -> str:
    """Return a metric's value with four significant digits; those of `scale`, which is the value itself."""
    return f"{value:,.{_decimals(value if scale is None else scale)}f}".replace("-", "−")


def between(interval: Interval, scale: float) -> str:
    """Return an interval's ends, such as '0.4861 to 0.4951'."""
    if not isfinite(interval.high - interval.low):
        return "unknown"
    return f"{loss(interval.low, scale)} to {loss(interval.high, scale)}"


def about(interval: Interval) -> str:
    """Return an estimate with half its interval, such as '0.4906 ± 0.0045'."""
    return f"{loss(interval.value)}{_half(interval, interval.value)}"


def gap(interval: Interval, scale: float) -> str:
    """Return a difference with half its interval, such as '+0.0024 ± 0.0019'."""
    text = f"{interval.value:+,.{_decimals(scale)}f}".replace("-", "−")
    return f"{text}{_half(interval, scale)}"


def short(count: float) -> str:
    """Return a count with three digits at most, such as '950', '12.5k' or '6.24M'."""
    for power, letter in ((9, "G"), (6, "M"), (3, "k")):
        if count >= 0.9995 * 10**power:
            return f"{count / 10**power:.3g}{letter}"
    return f"{count:.0f}"


def when(replay: Replay, moment: datetime) -> str:
    """Return the date; or the share of the span, where the rows have only an order."""
    if not replay.spread:
        return f"{moment:%Y-%m-%d}"
    return f"{(moment - replay.begin) / (replay.end - replay.begin):.0%}"


def _half(interval: Interval, scale: float) -> str:
    half = interval.high - interval.value
    return f" ± {loss(half, scale)}" if isfinite(half) else ""


def _decimals(scale: float) -> int:
    return max(3 - floor(log10(abs(scale))), 0) if scale and isfinite(scale) else 4
