"""`noria replay`: what policies would have cost and gained on the project's own history."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from noria.cli.session import find_project, write

if TYPE_CHECKING:
    from noria.replay.result import Replay

Names = Annotated[
    list[str] | None,
    typer.Option("--policy", help="never, every-7d, project, ceiling; or project:KEY=VALUE,... Repeatable."),
]
From = Annotated[
    str | None, typer.Option("--from", help="Where the policies begin: a date, or a moment (UTC).")
]
To = Annotated[str | None, typer.Option("--to", help="Where they end.")]
Project = Annotated[Path | None, typer.Option("--project", help="The project's directory, if not this one.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the results as JSON.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write them as one page with pictures.")]


def command(
    policy: Names = None,
    begin: From = None,
    end: To = None,
    project: Project = None,
    json: Json = None,
    html: Html = None,
) -> None:
    """Run the project's pipeline over its history, under several policies side by side.

    Each policy is played by the very code that decides live, on a virtual clock; what two of them train alike
    is trained once. A replay that was interrupted goes on where it was.
    """
    from rich.console import Console

    from noria.cli.replaying import watched
    from noria.clock import open_clock
    from noria.project.table import read_schema
    from noria.replay.policies import DEFAULT
    from noria.replay.replay import replay
    from noria.replay.table import show

    found = find_project(project)
    with watched(policy or DEFAULT, Console(stderr=True), time.monotonic) as tell:
        played = replay(
            found,
            read_schema(found.root),
            policy or DEFAULT,
            begin=_moment("--from", begin),
            end=_moment("--to", end),
            now=open_clock(found.home).now(),
            tell=tell,
        )
    show(played, Console())
    _write(played, json, html)


def _moment(option: str, text: str | None) -> datetime | None:
    from noria.errors import DataError

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{option}: found {text!r}; allowed: a date such as 2013-02-01, or 2013-02-01T09:00"
        raise DataError(message, hint="noria replay --help") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _write(played: Replay, json: Path | None, html: Path | None) -> None:
    if json is not None:
        import msgspec

        from noria.replay.export import to_json

        write(json, msgspec.json.format(msgspec.json.encode(to_json(played)), indent=1).decode())
        print(f"wrote {json}")
    if html is not None:
        from noria.replay.page import page

        write(html, page(played))
        print(f"wrote {html}")
