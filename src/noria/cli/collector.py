"""`noria collector`: the part that takes predictions and labels over from the log, and measures quality."""

from __future__ import annotations

import os

from noria.cli.session import find_project
from noria.cli.stopping import on_signals

VIRTUAL_POLL = 0.05
"""Seconds between two looks at the log on a virtual clock, on which days pass in a second."""


def command() -> None:
    """Run the collector of this project in the foreground; `noria up` starts it with the rest."""
    for pool in ("POLARS_MAX_THREADS", "TOKIO_WORKER_THREADS"):  # small frames: more threads only cost
        os.environ.setdefault(pool, "1")
    from noria.adapters.notify import send
    from noria.adapters.supervisor import only_one
    from noria.clock import FileClock, open_clock
    from noria.collector.collect import POLL, run
    from noria.project.table import read_schema
    from noria.wiring import state

    project = find_project()
    stop = on_signals()
    clock = open_clock(project.home)
    poll = VIRTUAL_POLL if isinstance(clock, FileClock) else POLL
    with only_one(project.home / "collector.lock"):
        run(project, read_schema(project.root), state(project), clock, stop, poll, send)
