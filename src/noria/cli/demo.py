"""`noria demo`: a year of real flights, kept well predicted by the real system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    months: Annotated[int, typer.Option(min=1, max=11, help="How many months after January.")] = 11,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the system up at the end, to look at.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the results as JSON, too.")] = None,
    directory: Annotated[Path, typer.Option(help="Where the demo's project is made anew.")] = Path(
        "noria-demo"
    ),
) -> None:
    """Train on January 2013, then serve, measure, retrain and roll out through the year, by itself."""
    from noria.demo.play import play

    play(months, keep=keep, json_file=json_file, directory=directory)
