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
    from noria.adapters.supervisor import is_up
    from noria.cli.progress import follow
    from noria.wiring import build

    project = find_project()
    parts = build(project)
    run = _ask(parts, message)
    stop = Event()
    controller = None if is_up(project.home / "up.lock") else Thread(target=_control, args=(parts, stop))
    if controller is not None:
        controller.start()
    try:
        ended = follow(parts, run, quiet=as_json)
    finally:
        stop.set()
        if controller is not None:
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
    from noria.loop.controller import Controller
    from noria.loop.runtime import Runtime

    Controller(parts, Runtime(parts, parts.project.home / "dbos.db")).run(stop)
