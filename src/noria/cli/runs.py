"""`noria runs`: what was run, why, and how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from noria.cli.session import AsJson, find_project, print_json
from noria.errors import StateError
from noria.rows import RunRow

if TYPE_CHECKING:
    from rich.console import Console

LINES = 25
"""Lines of a failed run's log that are shown."""
FOUND_AMONG = 1000
"""How many of the newest runs are searched for an id that begins as asked."""


def command(
    run: Annotated[
        str | None, typer.Argument(help="Show this run alone; the beginning of its id is enough.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first, or show one with its gates and its log."""
    from rich.console import Console

    from noria.wiring import state

    project = find_project()
    rows = state(project).runs(project.name, FOUND_AMONG if run else limit)
    rows = [row for row in rows if row.status != "merged" and row.id.startswith(run or "")]
    if run and not rows:
        raise StateError(f"there is no run {run} among the last {FOUND_AMONG}", hint="noria runs")
    if as_json:
        print_json(rows)
    elif run:
        _show(rows[0], project.home / "runs" / rows[0].id / "log.txt", Console())
    elif rows:
        _list(rows, Console())
    else:
        print("no run yet; try: noria run")


def _list(rows: list[RunRow], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    from noria.cli.decisions import moment

    table = Table("run", "started", "ended", "why, and what was found", box=None, pad_edge=False)
    for column in table.columns[:-1]:
        column.no_wrap = True
    for row in rows:
        ended = f"{row.status} {row.version}" if row.version else row.status
        told = Text(row.reason).append(f"\n{row.error}" if row.error else "", style="red")
        table.add_row(row.id[:8], moment(row.started), ended, told)
    console.print(table)


def _show(row: RunRow, log: Path, console: Console) -> None:
    """Print how a run ended, and the end of its log if it failed."""
    from noria.cli.progress import show

    show(row, console)
    if row.status == "failed" and log.exists():
        lines = log.read_text(errors="replace").splitlines()[-LINES:]
        console.print("\n".join(lines), style="dim", markup=False, highlight=False, soft_wrap=True)
    console.print(f"log: {log}", style="dim", markup=False, highlight=False, soft_wrap=True)
