"""`noria runs`: what was run, why, and how it ended."""

from __future__ import annotations

from typing import Annotated

import typer

from noria.cli.session import AsJson, find_project, print_json
from noria.errors import StateError


def command(
    run: Annotated[
        str | None, typer.Argument(help="Show this run alone, with its gates and its log.")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many of the newest.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first, or show one."""
    from rich.console import Console
    from rich.table import Table

    from noria.cli.progress import show
    from noria.wiring import state

    project = find_project()
    rows = [row for row in state(project).runs(project.name, limit) if row.status != "merged"]
    if run is not None:
        rows = [row for row in rows if row.id.startswith(run)]
        if not rows:
            raise StateError(f"there is no run {run} among the last {limit}", hint="noria runs")
    if as_json:
        print_json(rows)
        return
    console = Console()
    if run is not None:
        show(rows[0], console)
        log = project.home / "runs" / rows[0].id / "log.txt"
        console.print(f"[dim]log: {log}[/dim]", highlight=False)
        return
    table = Table("run", "started", "why", "ended", "version", "found", box=None, pad_edge=False)
    for row in rows:
        version = str(row.version or "")
        table.add_row(row.id, f"{row.started:%Y-%m-%d %H:%M}", row.reason, row.status, version, row.error)
    console.print(table)
