"""`noria controller`: the part that decides and carries out."""

from __future__ import annotations

from typing import Annotated

import typer

from noria.cli.session import find_project
from noria.cli.stopping import on_signals

INTERVAL = 0.2
"""Seconds of wall time between two looks."""
VIRTUAL_INTERVAL = 0.08
"""The same on a virtual clock, on which days pass in a second."""


def command(
    interval: Annotated[float | None, typer.Option(help="Seconds between two looks.")] = None,
) -> None:
    """Run the controller of this project in the foreground; `noria up` starts it with the rest."""
    from noria.adapters.supervisor import only_one
    from noria.clock import FileClock
    from noria.loop.controller import Controller
    from noria.loop.runtime import Runtime
    from noria.wiring import build

    project = find_project()
    parts = build(project, checkpoints=True)
    stop = on_signals()
    usual = VIRTUAL_INTERVAL if isinstance(parts.clock, FileClock) else INTERVAL
    with only_one(project.home / "controller.lock"):
        Controller(parts, Runtime(parts, project.home / "dbos.db")).run(stop, interval or usual)
