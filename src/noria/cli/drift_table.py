"""Drift to read: a line for each feature of a day, or the course of one column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from noria.cli.sparkline import sparkline
from noria.monitor.weight import far, order
from noria.rows import SignalRow

if TYPE_CHECKING:
    from noria.monitor.domain import Domain

SIZED = ("drift", "score")
"""The monitors whose values are distances."""
COLOURS = {"alert": "red", "notice": "yellow", "ok": ""}
BAR = 24
"""Characters of a bar as long as the largest share."""


def table(said: Sequence[SignalRow]) -> Group:
    """Return the newest day of what was said: sizes by feature, the heaviest first, then all else."""
    day = said[-1].day
    today = [row for row in said if row.day == day]
    sized = [row for row in today if row.monitor in SIZED and row.subject]
    rest = [row for row in today if row.monitor in SIZED and not row.subject]
    others = [row for row in today if row.monitor not in SIZED and row.level != "ok"]
    sizes = Table(
        "feature", "size", "limit", "p", "share", "last weeks", "what changed", box=None, pad_edge=False
    )
    for column in sizes.columns[:-1]:
        column.no_wrap = True
    for row in sorted(sized, key=order, reverse=True):
        course = [past for past in said if (past.monitor, past.subject) == (row.monitor, row.subject)]
        sizes.add_row(*_cells(row, course))
    head = Text.assemble((f"{said[-1].model}/{said[-1].version}", "bold"), f" on {day}")
    parts = [head, sizes] if sized else [head]
    return Group(*parts, *(Text(row.reason, style=COLOURS[row.level]) for row in (*rest, *others)))


def course(said: Sequence[SignalRow], bars: Sequence[tuple[str, float, float]]) -> Group:
    """Return what each monitor said of a column, day by day, and its values before and now."""
    column, day = said[-1].subject, said[-1].day
    lines = [Text.assemble((column, "bold"), f", {said[-1].model}/{said[-1].version}, until {day}")]
    for monitor in dict.fromkeys(row.monitor for row in said):
        rows = [row for row in said if row.monitor == monitor]
        lines.append(Text(f"{monitor:<14}{_spark(rows)}  {rows[-1].reason}", style=COLOURS[rows[-1].level]))
    before = [row for row in said if row.level != "ok" and row.day != day]
    lines += [Text(f"{row.day}  {row.reason}", style=COLOURS[row.level]) for row in reversed(before)]
    return Group(*lines, *_bars(bars))


def told_apart(found: Domain) -> Group:
    """Return how well rows that came are told from those learnt from, and by which columns."""
    head = Text(f"told apart with an AUC of {found.auc:.3f}; .5 would be by chance alone")
    worth = Table("column", "AUC lost without it", "", box=None, pad_edge=False)
    most = max((lost for _, lost in found.columns), default=0.0)
    for name, lost in found.columns:
        worth.add_row(Text(name), f"{lost:.3f}", "━" * round(max(lost, 0) / most * BAR) if most > 0 else "")
    return Group(head, worth)


def _cells(row: SignalRow, course: Sequence[SignalRow]) -> tuple[Text, ...]:
    p = row.numbers.get("p")
    weight = row.numbers.get("importance")
    known = ("" if p is None else f"{p:.2g}", "" if weight is None else f"{weight:.0%}")
    told = (_spark(course), row.reason if row.level != "ok" else "")
    cells = (row.subject, f"{row.value:.3f}", f"{row.limit:.3f}", *known, *told)
    return tuple(Text(cell, style=COLOURS[row.level]) for cell in cells)


def _spark(course: Sequence[SignalRow]) -> str:
    """Return how far each day went; what reaches its limit is full."""
    return sparkline([far(row) for row in course], low=0.0, high=1.0)


def _bars(bars: Sequence[tuple[str, float, float]]) -> Iterable[Table]:
    if not bars:
        return
    pairs = Table("value", "learnt from", "now", "", box=None, pad_edge=False)
    most = max(max(before, now) for _, before, now in bars) or 1.0
    for name, before, now in bars:
        drawn = f"{'─' * round(before / most * BAR)}\n{'━' * round(now / most * BAR)}"
        pairs.add_row(Text(name), f"{before:.1%}", f"{now:.1%}", drawn)
    yield pairs
