"""The frame of a chart, and which values and moments get a tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor, isfinite, log10

from markupsafe import escape

Tick = tuple[datetime, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The size of a chart and of its margins, in the units of its view box."""

    width: int = 900
    height: int = 300
    left: int = 56
    right: int = 16
    top: int = 16
    bottom: int = 36

    def x(self, share: float) -> float:
        """Return the place of a share of the way from left to right."""
        return round(self.left + share * (self.width - self.left - self.right), 1)

    def y(self, share: float) -> float:
        """Return the place of a share of the way from the bottom to the top."""
        return round(self.height - self.bottom - share * (self.height - self.top - self.bottom), 1)

    def open(self, title: str) -> str:
        """Return the beginning of the <svg> element."""
        return f'<svg viewBox="0 0 {self.width} {self.height}" role="img"><title>{escape(title)}</title>'

    def level(self, share: float, text: str, value: float) -> str:
        """Return a line from left to right with its text; that of the value 0 has the class `zero`."""
        y, style = self.y(share), "grid" if value else "grid zero"
        return (
            f'<line class="{style}" x1="{self.left}" x2="{self.width - self.right}" y1="{y}" y2="{y}"/>'
            f'<text class="tick" x="{self.left - 8}" y="{y + 4}" text-anchor="end">{text}</text>'
        )

    def foot(self, share: float, text: str) -> str:
        """Return a text below the chart."""
        return (
            f'<text class="tick" x="{self.x(share)}" y="{self.height - self.bottom + 20}" '
            f'text-anchor="middle">{escape(text)}</text>'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Round values from below the lowest to above the highest, `step` apart."""

    low: float
    high: float
    step: float

    def share(self, value: float) -> float:
        """Return how far a value is from low (0) to high (1)."""
        return (value - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        decimals = max(-floor(log10(self.step) + 1e-9), 0)
        numbers = range(round(self.low / self.step), round(self.high / self.step) + 1)
        values = [number * self.step for number in numbers]
        return [(value, f"{value:,.{decimals}f}".replace("-", "−")) for value in values]


def scale(values: Sequence[float], most: int = 8) -> Scale:
    """Return the scale with the smallest step of 1, 2 or 5 times a power of ten, and `most` steps or fewer.

    Values that are not finite are left out.
    """
    known = [value for value in values if isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    size = max(abs(low), abs(high))
    size = size if size > 1e-100 else 1.0
    apart = high - low if high - low > size * 1e-9 else size  # values that differ by rounding are one
    power = 10.0 ** (floor(log10(apart)) - 1)
    for step in (power * digit for digit in (1, 2, 5, 10, 20, 50)):
        first, last = floor(low / step + 1e-6), ceil(high / step - 1e-6)
        if last - first <= most:
            break
    return Scale(low=first * step, high=max(last, first + 1) * step, step=step)


def calendar(begin: datetime, end: datetime, most: int = 12) -> list[Tick]:
    """Return `most` ticks or fewer: the first days of months or years, in a short span any days."""
    for months in (1, 2, 3, 6, 12, 24, 60, 120, 600):
        firsts = _firsts(begin, end, months)
        if len(firsts) <= most:
            break
    if len(firsts) < 2:
        days = ceil(((end - begin) / most) / timedelta(days=1)) or 1
        count = (end - begin) // timedelta(days=days)
        moments = [begin + timedelta(days=days) * number for number in range(count + 1)]
        return [(moment, f"{moment.day} {moment:%b}") for moment in moments]
    return [(first, f"{first:%Y}" if first.month == 1 else f"{first:%b}") for first in firsts]


def _firsts(begin: datetime, end: datetime, months: int) -> list[datetime]:
    """Return the first of every `months`-th month from begin to end, counted from the year 0."""
    counted = range(begin.year * 12 + begin.month - 1, end.year * 12 + end.month)
    firsts = [
        datetime(number // 12, number % 12 + 1, 1, tzinfo=begin.tzinfo)
        for number in counted
        if number % months == 0
    ]
    return [first for first in firsts if begin <= first <= end]
