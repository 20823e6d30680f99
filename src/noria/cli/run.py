"""`noria run`: make a candidate now."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from noria.cli.session import AsJson, actor, find_project, print_json
from noria.ports import RunRow

if TYPE_CHECKING:
    from noria.loop.parts import Parts


def command(
    as_json: AsJson = False,
    message: Annotated[str, typer.Option("--message", "-m", help="Why.")] = "asked for by hand",
) -> None:
    """Run the pipeline on the working tree as it is, and judge what it makes.

    With `noria up`, the controller does it; without, this command does the same by itself, and the version
    waits for a gateway. Exit code 3: a gate refused.
    """
    from noria.cli.progress import follow
    from noria.wiring import build

    parts = build(find_project())
    parts.commits.head()  # a repository without a commit says so before anything begins
    run = _ask(parts, message)
    stop = Event()
    controller = Thread(target=_control, args=(parts, stop))
    controller.start()
    try:
        ended = follow(parts, run, controller.is_alive, quiet=as_json)
    finally:
        stop.set()
        controller.join()
    if as_json:
        print_json(ended)
    raise typer.Exit({"registered": 0, "refused": 3}.get(ended.status, 1))


def _ask(parts: Parts, message: str) -> str:
    now = parts.clock.now()
    row = RunRow(
        id=uuid4().hex[:12],
        model=parts.model,
        trigger="manual",
        reason=f"{actor()}: {message}",
        status="queued",
        stage="queued",
        started=now,
    )
    parts.state.save_run(row)
    return row.id


def _control(parts: Parts, stop: Event) -> None:
    """Be the controller while there is no other: not beside `noria up`, nor beside another `noria run`."""
    from noria.adapters.supervisor import only_one
    from noria.errors import Unavailable
    from noria.loop.controller import Controller
    from noria.loop.runtime import Runtime

    home = parts.project.home
    while not stop.wait(0.2):
        try:
            with only_one(home / "controller.lock"):
                Controller(parts, Runtime(parts, home / "dbos.db")).run(stop)
        except Unavailable:
            continue
