"""The pictures of a comparison: what each slice gains, how calibrated both are, and what they hang on."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from markupsafe import Markup, escape

from noria.chart.bars import bars
from noria.chart.scale import Frame, Scale, scale
from noria.comparison.phrases import judged
from noria.comparison.result import Comparison, Side, Slice

DRAWN = 12
"""Slices at each end, and features, that are drawn."""
ROW = 24
"""The height of a slice in a picture, in units of its view box."""


def slice_picture(found: Comparison) -> Markup:
    """Return what B gains on each slice, with its interval: those with the most loss and the most gain."""
    shown = [*found.slices[:DRAWN], *found.slices[DRAWN:][-DRAWN:]]
    frame = Frame(height=ROW * len(shown) + 40, left=170, top=8, bottom=32)
    across = scale([0.0, *(end for each in shown for end in _ends(each))])
    parts = [frame.open(f"What version {found.b.version} gains in {found.loss}, by slice")]
    parts += [_upright(across.share(value), text, frame, zero=not value) for value, text in across.ticks]
    heights = [ROW * (place + 0.5) + frame.top for place in range(len(shown))]
    parts += [_interval(each, y, across, frame) for each, y in zip(shown, heights, strict=True)]
    return Markup("".join([*parts, "</svg>"]))


def calibration_picture(found: Comparison) -> Markup:
    """Return what both say against what came true; a perfect model is on the diagonal."""
    frame = Frame(width=560, height=400)
    groups = [group for side in (found.a, found.b) for group in side.calibration.groups]
    both = scale([value for group in groups for value in (group.output, group.truth)])
    parts = [frame.open("What was said, and what came true")]
    parts += [frame.level(both.share(value), text, value) for value, text in both.ticks]
    parts += [frame.foot(both.share(value), text) for value, text in both.ticks]
    parts.append(f'<path class="grid" d="M{frame.x(0)},{frame.y(0)}L{frame.x(1)},{frame.y(1)}"/>')
    parts += [_curve(side, f"line-{place}", both, frame) for place, side in enumerate((found.a, found.b))]
    return Markup("".join([*parts, "</svg>"]))


def importance_picture(found: Comparison) -> Markup:
    """Return the importance of the features that changed most, in A and in B."""
    moved = dict(list(found.moved.items())[:DRAWN])
    before, after = zip(*moved.values(), strict=True)
    return bars("Importance of features in both versions", list(moved), before, after)


def _ends(each: Slice) -> Sequence[float]:
    return (each.gain.value, each.gain.low, each.gain.high)


def _upright(share: float, text: str, frame: Frame, *, zero: bool) -> str:
    x, style = frame.x(share), "grid zero" if zero else "grid"
    line = f'<line class="{style}" x1="{x}" x2="{x}" y1="{frame.y(1)}" y2="{frame.y(0)}"/>'
    return line + frame.foot(share, text)


def _interval(each: Slice, y: float, across: Scale, frame: Frame) -> str:
    name, style = f"{each.column} = {each.value}", judged(each.gain).partition(" ")[0]
    middle = frame.x(across.share(each.gain.value))
    bar = ""
    if isfinite(each.gain.high - each.gain.low):
        low, high = (frame.x(across.share(end)) for end in (each.gain.low, each.gain.high))
        bar = f'<path class="bar {style}" d="M{low},{y}H{high}"/>'
    told = f"{name}: {each.gain.value:+.4f}, {each.rows} rows"
    return (
        f'<text class="tick" x="{frame.left - 8}" y="{y + 4}" text-anchor="end">{escape(name)}</text>{bar}'
        f'<circle class="dot {style}" cx="{middle}" cy="{y}" r="5"><title>{escape(told)}</title></circle>'
    )


def _curve(side: Side, style: str, both: Scale, frame: Frame) -> str:
    spots = [
        (frame.x(both.share(group.output)), frame.y(both.share(group.truth)), group)
        for group in side.calibration.groups
    ]
    line = "L".join(f"{x},{y}" for x, y, _ in spots)
    dots = "".join(
        f'<circle class="dot {style}" cx="{x}" cy="{y}" r="4"><title>version {side.version}: said '
        f"{group.output:.3f}, came true {group.truth:.3f}, {group.rows} rows</title></circle>"
        for x, y, group in spots
    )
    return f'<path class="line {style}" d="M{line}"/>{dots}'
