"""`noria compare`: two versions side by side, on rows that neither learnt from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from noria.cli.session import AsJson, find_project, print_json, write


def command(
    a: Annotated[int, typer.Argument(help="A version, see noria models.")],
    b: Annotated[int, typer.Argument(help="The version that is held against it.")],
    html: Annotated[Path | None, typer.Option(help="Write a page with pictures to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what version B does better or worse than A: metrics, slices, flips, importance, latency, size."""
    from rich.console import Console

    from noria.cli.compare_tables import tables
    from noria.clock import open_clock
    from noria.comparison.compare import compare
    from noria.comparison.page import page
    from noria.project.table import read_schema
    from noria.wiring import state

    project = find_project()
    now = open_clock(project.home).now()
    found = compare(project, read_schema(project.root), state(project), a, b, now)
    if html:
        write(html, page(found))
    if as_json:
        print_json(found)
        return
    console = Console(markup=False)  # values of slices come from clients
    for part in tables(found):
        console.print(part)
    if html:
        print(f"\n{html}: open it in a browser; it needs no network")
