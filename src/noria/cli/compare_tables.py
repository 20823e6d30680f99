"""What `noria compare` shows, as tables and lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from noria.cli.sparkline import sparkline
from noria.comparison.phrases import judged, milliseconds, number, size, span, spelled

if TYPE_CHECKING:
    from noria.comparison.result import Comparison, Slice
    from noria.core.interval import Interval

DAYS = 28
"""Blocks of a sparkline, the newest ones."""
SHOWN = 5
"""Slices at each end, features, flips and examples that are shown."""

Part = Table | Text


def tables(found: Comparison) -> Iterator[Part]:
    """Yield each part, one below the other."""
    yield Text(f"{found.model}: {found.b.version} held against {found.a.version}", style="bold")
    yield Text(span(found), style="dim")
    for note in found.notes:
        yield Text(note, style="yellow")
    yield from _part("", _metrics(found))
    yield from _part("calibration and cost", _sides(found))
    if found.slices:
        yield from _part(f"slices, by {found.loss}", _slices(found))
    yield Text(
        f"\nanswers: correlation {found.agreement:.3f}, {number(found.apart)} apart on average", style="bold"
    )
    if found.task != "regression":
        yield Text(f"{found.flipped:,} of {found.rows.count:,} rows get another class")
    if found.flips:
        yield _flips(found)
    if found.apart:
        yield from _part("furthest apart", _examples(found))
    yield from _part("importance, what changed most first", _importance(found))
    if found.trained:
        yield from _part("trained on", _trained(found))


def _part(title: str, table: Table) -> Iterator[Part]:
    yield Text(f"\n{title}" if title else "", style="bold")
    yield table


def _metrics(found: Comparison) -> Table:
    table = _table("metric", *_names(found), "gain", "95%", "by day", "")
    for each in found.metrics:
        unit = "" if each.unit == each.metric else f" ({each.unit})"
        table.add_row(
            each.metric,
            number(each.a),
            number(each.b),
            f"{each.gain.value:+.4f}{unit}",
            _ends(each.gain),
            sparkline(each.daily[-DAYS:]),
            _verdict(each.gain),
        )
    return table


def _sides(found: Comparison) -> Table:
    table = _table("version", "asked", "calibration is off by", "95%", "an answer takes", "p99", "size")
    for side in (found.a, found.b):
        error, cost = side.calibration.error, side.cost
        timed = (milliseconds(cost.median), milliseconds(cost.p99), size(cost.size))
        table.add_row(str(side.version), side.asked, number(error.value), _ends(error), *timed)
    return table


def _slices(found: Comparison) -> Table:
    table = _table("slice", "rows", *_names(found), "gain", "95%", "")
    for each in _both_ends(found.slices):
        gain = f"{each.gain.value:+.4f}"
        row = (f"{each.rows:,}", number(each.a), number(each.b), gain, _ends(each.gain))
        table.add_row(f"{each.column} = {each.value}", *row, _verdict(each.gain))
    return table


def _both_ends(slices: Sequence[Slice]) -> list[Slice]:
    """Return those on which B loses most and gains most, in their order."""
    return [*slices[:SHOWN], *slices[SHOWN:][-SHOWN:]]


def _flips(found: Comparison) -> Table:
    table = _table(f"{found.a.version} said", f"{found.b.version} says", "rows", "right now", "right before")
    for flip in found.flips[:SHOWN]:
        counts = (flip.rows, flip.to_right, flip.to_wrong)
        table.add_row(flip.before, flip.after, *(f"{count:,}" for count in counts))
    return table


def _examples(found: Comparison) -> Table:
    """Show the furthest rows: who, when, the truth, both answers, and the most important features."""
    important = sorted(found.b.importance, key=lambda name: -found.b.importance[name])[:SHOWN]
    features = set(found.b.importance)
    columns = [name for name in found.examples[0].row if name not in features or name in important]
    table = _table(*_names(found), *columns)
    for each in found.examples[:SHOWN]:
        table.add_row(spelled(each.a), spelled(each.b), *(spelled(each.row[name]) for name in columns))
    return table


def _importance(found: Comparison) -> Table:
    table = _table("feature", *_names(found), "change")
    for name, (before, after) in list(found.moved.items())[: 2 * SHOWN]:
        table.add_row(name, f"{before:.1%}", f"{after:.1%}", f"{after - before:+.1%}")
    return table


def _trained(found: Comparison) -> Table:
    table = _table("", *_names(found))
    for name, pair in found.trained.items():
        table.add_row(name, *map(spelled, pair))
    return table


def _names(found: Comparison) -> tuple[str, str]:
    return str(found.a.version), str(found.b.version)


def _verdict(gain: Interval) -> Text:
    word = judged(gain)
    return Text(word, style={"better": "green", "worse": "red"}.get(word, "dim"))


def _ends(interval: Interval) -> str:
    return f"({number(interval.low)} to {number(interval.high)})"


def _table(*heads: Any) -> Table:
    table = Table(*heads, box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in table.columns:
        column.overflow = "fold"
    return table
