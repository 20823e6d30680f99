"""Bars: how large each of some named shares is, alone or beside what it was before."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from markupsafe import Markup, escape

from noria.chart.scale import Frame, scale

ROOM = 0.8
"""The share of its place that the bars of a name fill."""
ROOM_OF_LETTER = 5
"""What a letter of a turned name takes downwards, in the units of the view box."""
LONGEST = 24
"""Letters of a name that get room."""


def bars(title: str, names: Sequence[str], *series: Sequence[float], unit: str = ".1%") -> Markup:
    """Return an <svg> element with a bar of each series for each name; the values are not negative.

    `unit` is how a value is written.
    """
    bottom = max(60, 24 + ROOM_OF_LETTER * min(LONGEST, max(map(len, names), default=0)))
    frame = Frame(height=160 + bottom, bottom=bottom)
    up = scale([0.0, *chain.from_iterable(series)], most=5)
    parts = [frame.open(title)]
    parts += [frame.level(up.share(value), text, value) for value, text in up.ticks]
    place = 1 / max(len(names), 1)
    width = ROOM / len(series)
    for number, (name, *values) in enumerate(zip(names, *series, strict=True)):
        for side, value in enumerate(values):
            begin = (number + (1 - ROOM) / 2 + side * width) * place
            text = f"{name}: {value:{unit}}"
            parts.append(_bar(f"line-{side}", begin, place * width, up.share(value), text, frame))
        parts.append(_name(name, frame.x((number + 0.5) * place), frame))
    return Markup("".join([*parts, "</svg>"]))


def _bar(style: str, begin: float, width: float, height: float, text: str, frame: Frame) -> str:
    x, y, foot = frame.x(begin), frame.y(height), frame.y(0)
    size = f'x="{x}" y="{y}" width="{frame.x(begin + width) - x:.1f}" height="{foot - y:.1f}"'
    return f'<rect class="column {style}" {size}><title>{escape(text)}</title></rect>'


def _name(name: str, x: float, frame: Frame) -> str:
    y = frame.height - frame.bottom + 14
    turned = f'transform="rotate(-35 {x} {y})"'
    return f'<text class="tick" x="{x}" y="{y}" text-anchor="end" {turned}>{escape(name)}</text>'
