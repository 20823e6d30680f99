"""`noria queue`: the predictions to label first, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from noria.cli.session import AsJson, find_project, print_json
from noria.errors import DataError

SHOWN = 20
"""Rows that the terminal shows of a queue that is written to a file."""


def command(
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", help="Write them here; fill in `label` and give it to noria label."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the unlabelled predictions of the last 14 days that would teach most, and why.

    These are uncertain, or have values that have become frequent, or that the model has seen rarely.
    """
    from rich.console import Console
    from rich.table import Table

    from noria.clock import open_clock
    from noria.monitor.queue import queue
    from noria.wiring import state

    project = find_project()
    rows = queue(project, state(project), open_clock(project.home).now(), limit)
    if rows.is_empty():
        raise DataError("no prediction of the last 14 days is without a label", hint="noria status")
    if csv:
        rows.drop("score").write_csv(csv)
    if as_json:
        print_json(rows.to_dicts())
        return
    table = Table("id", "score", "why", box=None)
    for row in rows.head(SHOWN if csv else limit).iter_rows(named=True):
        table.add_row(row["id"], f"{row['score']:.2f}", row["why"])
    Console().print(table)
    if csv:
        print(f"{rows.height} rows: fill in the labels, then noria label {csv}")
