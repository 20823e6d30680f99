"""Points with intervals: what something costs from left to right, what it gains from below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup, escape

from noria.chart.scale import Frame, Scale, scale

APART, NEAR = 17, 240
"""The least distance of two names above each other, if they are near from left to right; view box units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A named point; `low` and `high` are the ends of its interval, and may be infinite."""

    name: str
    style: str
    x: float
    y: float
    low: float
    high: float


def scatter(
    title: str, points: Sequence[Point], *, below: str, frame: Frame, band: tuple[float, float] | None = None
) -> Markup:
    """Return an <svg> element with a name beside each point; `below` names the x-axis.

    `band` is a range of y that is shaded.
    """
    across = scale([0, *(point.x for point in points)])
    up = scale([end for point in points for end in (point.y, point.low, point.high)])
    parts = [frame.open(title), _shade(band, up, frame) if band else ""]
    parts += [frame.level(up.share(value), text, value) for value, text in up.ticks]
    parts += [frame.foot(across.share(value), text) for value, text in across.ticks]
    parts.append(_below(below, frame))
    spots = [(frame.x(across.share(point.x)), frame.y(up.share(point.y))) for point in points]
    parts += [_point(point, *spot, up, frame) for point, spot in zip(points, spots, strict=True)]
    parts += [
        _name(point, spot[0], y, frame) for point, spot, y in zip(points, spots, _heights(spots), strict=True)
    ]
    return Markup("".join([*parts, "</svg>"]))


def _below(text: str, frame: Frame) -> str:
    place = f'x="{frame.x(0.5)}" y="{frame.height - 4}"'
    return f'<text class="axis" {place} text-anchor="middle">{escape(text)}</text>'


def _shade(band: tuple[float, float], up: Scale, frame: Frame) -> str:
    bottom, top = (frame.y(min(max(up.share(end), 0), 1)) for end in band)
    width = frame.width - frame.left - frame.right
    return f'<rect class="shade" x="{frame.left}" width="{width}" y="{top}" height="{bottom - top}"/>'


def _point(point: Point, x: float, y: float, up: Scale, frame: Frame) -> str:
    bar = ""
    if isfinite(point.high - point.low):
        low, high = frame.y(up.share(point.low)), frame.y(up.share(point.high))
        bar = f'<path class="bar {point.style}" d="M{x - 5},{low}h10M{x},{low}V{high}M{x - 5},{high}h10"/>'
    return f'{bar}<circle class="dot {point.style}" cx="{x}" cy="{y}" r="6"/>'


def _name(point: Point, x: float, y: float, frame: Frame) -> str:
    left_half = x < frame.x(0.6)
    side, anchor = (12, "start") if left_half else (-12, "end")
    return (
        f'<text class="name {point.style}" x="{round(x + side, 1)}" y="{y + 4}" text-anchor="{anchor}">'
        f"{escape(point.name)}</text>"
    )


def _heights(spots: Sequence[tuple[float, float]]) -> list[float]:
    """Return where the names go: at their points, but from the top down apart from names that are near."""
    heights = dict[int, float]()
    for number in sorted(range(len(spots)), key=lambda number: spots[number][1]):
        x, y = spots[number]
        near = [heights[other] + APART for other in heights if abs(spots[other][0] - x) < NEAR]
        heights[number] = round(max([y, *near]), 1)
    return [heights[number] for number in range(len(spots))]
