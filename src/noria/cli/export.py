"""`noria export`: a version for somebody without noria."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from noria.cli.session import find_project


def command(
    version: Annotated[int, typer.Argument(help="Which version.")],
    out: Annotated[Path, typer.Argument(help="A new folder, or a new file that ends with .zip.")],
) -> None:
    """Write a version with its signature, card and bill of materials; a plain MLflow client can load it."""
    from noria.card.export import export
    from noria.card.record import gather
    from noria.clock import open_clock
    from noria.wiring import state

    project = find_project()
    record = gather(project, state(project), version, open_clock(project.home).now())
    export(record, out)
    print(f"{out}: {record.name}; README.md says how to verify and load it")
