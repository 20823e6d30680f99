"""Lines over time, with bands around them and marks at moments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from markupsafe import Markup, escape

from noria.chart.scale import Frame, Scale, Tick, calendar, scale

Place = Callable[[datetime], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A named series: a value for each moment, nan where there is none; `style` is its class.

    `band` has the ends of an interval for each moment, or is empty.
    """

    name: str
    style: str
    values: Sequence[float]
    band: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An upright line at a moment, from the foot up to a share of the height; `text` tells what it means."""

    at: datetime
    style: str
    text: str
    share: float = 1.0


def series(
    title: str,
    moments: Sequence[datetime],
    lines: Sequence[Line],
    *,
    marks: Sequence[Mark] = (),
    ticks: Sequence[Tick] | None = None,
    values: Scale | None = None,
    frame: Frame | None = None,
) -> Markup:
    """Return an <svg> element; without `ticks` and `values` the axes fit the moments and the lines."""
    frame, values = frame or Frame(), values or scale(extent(lines))
    ticks = calendar(moments[0], moments[-1]) if ticks is None else ticks
    begin, length = moments[0], (moments[-1] - moments[0]).total_seconds() or 1.0

    def x(moment: datetime) -> float:
        return frame.x(min(max((moment - begin).total_seconds() / length, 0), 1))

    places = [x(moment) for moment in moments]
    parts = [frame.open(title)]
    parts += [frame.level(values.share(value), text, value) for value, text in values.ticks]
    parts += [frame.foot((moment - begin).total_seconds() / length, text) for moment, text in ticks]
    parts += [_mark(mark, x(mark.at), frame) for mark in marks]
    parts += [_band(line, places, values, frame) for line in lines if line.band]
    parts += [_line(line, places, values, frame) for line in lines]
    return Markup("".join([*parts, "</svg>"]))


def extent(lines: Sequence[Line]) -> list[float]:
    """Return every value of the lines and of their bands."""
    ends = [end for line in lines for pair in line.band for end in pair]
    return [value for line in lines for value in line.values] + ends


def _mark(mark: Mark, place: float, frame: Frame) -> str:
    ends = f'x1="{place}" x2="{place}" y1="{frame.y(mark.share)}" y2="{frame.y(0)}"'
    return f'<line class="mark {mark.style}" {ends}><title>{escape(mark.text)}</title></line>'


def _line(line: Line, places: Sequence[float], values: Scale, frame: Frame) -> str:
    paths = []
    for part in _stretches([isfinite(value) for value in line.values]):
        points = [f"{places[n]},{frame.y(values.share(line.values[n]))}" for n in part]
        paths.append(f"M{' L'.join(points)}")
    name = escape(line.name)
    return f'<path class="line {line.style}" d="{"".join(paths)}"><title>{name}</title></path>'


def _band(line: Line, places: Sequence[float], values: Scale, frame: Frame) -> str:
    paths = []
    for part in _stretches([isfinite(high - low) for low, high in line.band]):
        up = [f"{places[n]},{frame.y(values.share(line.band[n][1]))}" for n in part]
        down = [f"{places[n]},{frame.y(values.share(line.band[n][0]))}" for n in reversed(part)]
        paths.append(f"M{' L'.join(up + down)}Z")
    return f'<path class="band {line.style}" d="{"".join(paths)}"/>'


def _stretches(there: Sequence[bool]) -> Iterator[range]:
    """Yield the ranges of places that are there."""
    begin = None
    for place, is_there in enumerate([*there, False]):
        if is_there and begin is None:
            begin = place
        elif not is_there and begin is not None:
            yield range(begin, place)
            begin = None
