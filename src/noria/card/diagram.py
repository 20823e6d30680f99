"""The lineage of a version as a picture: boxes from what went in to its part in the traffic."""

from __future__ import annotations

from markupsafe import Markup, escape

from noria.card.record import Record
from noria.chart.scale import Frame

WIDE, HIGH = 190, 44
"""The size of a box, in the units of the view box."""
STEP_X, STEP_Y = 230, 64
"""From a box to the next one to the right, and to the one below."""
EDGE = 4
MIDDLE = 1
"""The row of the boxes that follow one another; what goes in has the rows 0 to 2."""


def diagram(record: Record) -> Markup:
    """Return an <svg> element: data, code and policy, the run, the version, and its part in the traffic."""
    facts = record.row.facts
    inputs = (
        f"data version {facts['data_version']}",
        f"commit {(facts.get('commit') or 'none')[:8]}",
        f"policy {facts.get('policy', 'unknown')[:8]}",
    )
    chain = (f"run {record.row.run}", record.name, record.role or "no traffic")
    parts = [Frame(height=2 * STEP_Y + HIGH + 2 * EDGE).open("Lineage")]
    parts += [_box(0, row, text) + _arrow(0, row) for row, text in enumerate(inputs)]
    parts += [_box(column, MIDDLE, text) for column, text in enumerate(chain, 1)]
    parts += [_arrow(column, MIDDLE) for column in range(1, len(chain))]
    return Markup("".join([*parts, "</svg>"]))


def _corner(column: int, row: int) -> tuple[int, int]:
    return EDGE + column * STEP_X, EDGE + row * STEP_Y


def _box(column: int, row: int, text: str) -> str:
    x, y = _corner(column, row)
    place = f'x="{x + WIDE // 2}" y="{y + HIGH // 2 + 5}" text-anchor="middle"'
    return (
        f'<rect class="box" x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="8"/>'
        f'<text class="name" {place}>{escape(text)}</text>'
    )


def _arrow(column: int, row: int) -> str:
    """Return an arrow from a box to the middle row of the next column."""
    x, y = _corner(column, row)
    end, foot = _corner(column + 1, MIDDLE)
    y, foot = y + HIGH // 2, foot + HIGH // 2
    head = f"M{end - 8},{foot - 5}L{end},{foot}L{end - 8},{foot + 5}"
    return f'<path class="arrow" d="M{x + WIDE},{y}L{end},{foot}{head}"/>'
