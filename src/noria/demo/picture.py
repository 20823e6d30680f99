"""A line chart as SVG: colours come from the page's style, so that it follows dark and light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor

from markupsafe import Markup

WIDTH, HEIGHT = 900, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 16, 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A named series, one value for each moment."""

    name: str
    values: Sequence[float]


def picture(
    moments: Sequence[datetime], lines: Sequence[Line], marks: Sequence[tuple[datetime, str]]
) -> Markup:
    """Return an <svg> element; `marks` are upright lines at moments, their text is the class.

    The n-th line has the class `line-n`, so that the page gives it a colour.
    """
    x, y, ticks = _scales(moments, lines)
    label = " and ".join(line.name for line in lines)
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">']
    parts += [_grid(y(value), value) for value in ticks]
    parts += [_month(x(first), first) for first in _months(moments)]
    parts += [_mark(x(max(moment, moments[0])), moment, kind) for moment, kind in marks]
    for number, line in enumerate(lines):
        points = " ".join(
            f"{x(moment)},{y(value)}" for moment, value in zip(moments, line.values, strict=True)
        )
        parts.append(
            f'<polyline class="line line-{number}" points="{points}"><title>{line.name}</title></polyline>'
        )
    return Markup("".join([*parts, "</svg>"]))


def _grid(place: float, value: float) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place}" y2="{place}"/>'
        f'<text class="tick" x="{LEFT - 8}" y="{place + 4}" text-anchor="end">{value:.2f}</text>'
    )


def _months(moments: Sequence[datetime]) -> list[datetime]:
    """Return the first of each month within the moments."""
    firsts = {moment.replace(day=1) for moment in moments}
    return sorted(first for first in firsts if first >= moments[0])


def _month(place: float, first: datetime) -> str:
    return f'<text class="tick" x="{place}" y="{HEIGHT - 12}">{first:%b}</text>'


def _mark(place: float, moment: datetime, kind: str) -> str:
    return (
        f'<line class="mark {kind}" x1="{place}" x2="{place}" y1="{TOP}" y2="{HEIGHT - BOTTOM}">'
        f"<title>{moment:%d %B}: {kind}</title></line>"
    )


Scales = tuple[Callable[[datetime], float], Callable[[float], float], list[float]]


def _scales(moments: Sequence[datetime], lines: Sequence[Line]) -> Scales:
    """Return the functions from a moment and from a value to a place, and the values with a grid line."""
    begin, end = moments[0].timestamp(), moments[-1].timestamp()
    values = [value for line in lines for value in line.values if value == value]
    step = next(
        step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if (max(values) - min(values)) / step <= 8
    )
    low, high = floor(min(values) / step), ceil(max(values) / step)

    def x(moment: datetime) -> float:
        share = (moment.timestamp() - begin) / max(end - begin, 1)
        return round(LEFT + min(share, 1) * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        share = (value / step - low) / max(high - low, 1)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    return x, y, [number * step for number in range(low, high + 1)]
