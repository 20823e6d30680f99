"""What an assertion about rows raises: how many of how many failed, and the worst of them as a table."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

SHOWN = 5
"""Rows in the table, the worst ones."""
WIDTH = 110
COLUMNS = 8
"""Columns in the table; of a row that is shown as it is, the first ones."""

Row = dict[str, Any]


class RowsFailed(AssertionError):
    """`said` is the sentence, `rows` are some of the rows that failed, the worst first."""

    def __init__(self, said: str, rows: Sequence[Row]) -> None:
        super().__init__(f"{said}; the worst:\n{table(rows[:SHOWN])}")
        self.said = said
        self.rows = list(rows[:SHOWN])


RowsFailed.__module__ = "builtins"  # of these, pytest tells the name without the module


def table(rows: Sequence[Row]) -> str:
    """Return rows of the same columns as text."""
    names = list(rows[0])[:COLUMNS] if rows else []
    told = Table(*names, box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for row in rows:
        told.add_row(*(_text(row[name]) for name in names))
    out = StringIO()
    Console(file=out, width=WIDTH, no_color=True).print(told)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def changes(before: pl.DataFrame, after: pl.DataFrame, own: Sequence[int]) -> list[Row]:
    """Return for the rows of these numbers what a change did to them: "was -> is" by column.

    Without a difference, they are the first columns as they are.
    """
    rows = [(before.row(number, named=True), after.row(number, named=True)) for number in own]
    changed = [
        name for name in before.columns if any(old[name] != new.get(name, old[name]) for old, new in rows)
    ]
    if not changed:
        return [dict(list(old.items())[: COLUMNS - 2]) for old, _ in rows]
    return [{name: f"{_text(old[name])} -> {_text(new[name])}" for name in changed} for old, new in rows]


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
