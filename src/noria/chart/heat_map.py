"""A heat map: a row for each name, a column for each day, a cell for how far each went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from noria.chart.scale import Frame, calendar

CELL, LEFT, TOP, BOTTOM = 18, 150, 4, 28
"""The height of a row, and the margins, in the units of the view box."""
STEPS = 5
"""Shades of cells: the classes `heat-0` to `heat-4`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How far something went, as a share of its limit, and what is to be read there; `marked` is framed."""

    share: float
    text: str
    marked: bool = False


def heat_map(title: str, days: Sequence[datetime], rows: Mapping[str, Mapping[datetime, Cell]]) -> Markup:
    """Return an <svg> element; `days` go from left to right, each as wide as the others."""
    frame = Frame(height=TOP + BOTTOM + CELL * len(rows), left=LEFT, top=TOP, bottom=BOTTOM)
    width = (frame.width - frame.left - frame.right) / max(len(days), 1)
    parts = [frame.open(title)]
    for number, (name, cells) in enumerate(rows.items()):
        y = TOP + number * CELL
        parts.append(
            f'<text class="tick" x="{LEFT - 8}" y="{y + CELL - 5}" text-anchor="end">{escape(name)}</text>'
        )
        parts += [
            _cell(cells[day], LEFT + place * width, y, width)
            for place, day in enumerate(days)
            if day in cells
        ]
    if days:
        length = (days[-1] - days[0]).total_seconds() or 1.0
        parts += [
            frame.foot((day - days[0]).total_seconds() / length, text)
            for day, text in calendar(days[0], days[-1])
        ]
    return Markup("".join([*parts, "</svg>"]))


def _cell(cell: Cell, x: float, y: float, width: float) -> str:
    step = min(int(max(cell.share, 0.0) * (STEPS - 1)), STEPS - 1)
    marked = " marked" if cell.marked else ""
    return (
        f'<rect class="heat heat-{step}{marked}" x="{x:.1f}" y="{y + 1}" width="{max(width - 1, 0.5):.1f}" '
        f'height="{CELL - 2}"><title>{escape(cell.text)}</title></rect>'
    )
