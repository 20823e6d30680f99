"""`noria run`: make a candidate now."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from noria.cli.session import AsJson, actor, find_project, print_json

if TYPE_CHECKING:
    from noria.loop.parts import Parts
    from noria.project.model import Project
    from noria.rows import RunRow

EXIT = {"registered": 0, "refused": 3}


def command(
    as_json: AsJson = False,
    message: Annotated[str, typer.Option("--message", "-m", help="Why.")] = "asked for by hand",
    again: Annotated[bool, typer.Option("--again", help="Also where nothing changed.")] = False,
) -> None:
    """Run the pipeline on the working tree as it is, and judge what it makes.

    With `noria up`, the controller does it; without, this command does the same by itself, and the version
    waits for a gateway. Where nothing changed since the last run, its verdicts hold. Exit code 3: a gate
    refused.
    """
    from noria.adapters.settled import settled

    project = find_project()
    if not again and (same := settled(project)):
        print_json(same) if as_json else _tell(same)
        raise typer.Exit(EXIT[same["status"]])
    ended = _run(project, message, quiet=as_json)
    if as_json:
        print_json(ended)
    raise typer.Exit(EXIT.get(ended.status, 1))


def _tell(same: dict[str, Any]) -> None:
    made = f" as {same['model']}/{same['version']}" if same["version"] else ""
    print(f"nothing changed since run {same['id']}, which was {same['status']}{made}: its verdicts hold")
    for verdict in same["verdicts"]:
        print(f"  {verdict['gate']} {verdict['outcome']}: {verdict['reason']}")
    print("  try: noria run --again")


def _run(project: Project, message: str, *, quiet: bool) -> RunRow:
    """Ask for a run, see that there is a controller, and return the run's row once it has ended."""
    from noria.cli.progress import follow
    from noria.wiring import build

    parts = build(project)
    parts.commits.head()  # a repository without a commit says so before anything begins
    run = _ask(parts, message)
    stop = Event()
    controller = Thread(target=_control, args=(parts, stop))
    controller.start()
    try:
        return follow(parts, run, controller.is_alive, quiet=quiet)
    finally:
        stop.set()
        controller.join()


def _ask(parts: Parts, message: str) -> str:
    from noria.rows import RunRow

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
