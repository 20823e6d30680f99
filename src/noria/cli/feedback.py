"""`noria feedback`: who sent labels, what is held back of them, and the labels of one prediction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from noria.cli.session import AsJson, Message, Yes, actor, confirm, find_project, print_json
from noria.errors import DataError

if TYPE_CHECKING:
    import polars as pl

    from noria.monitor.feedback import Feedback
    from noria.project.model import Project


def command(
    id: Annotated[str, typer.Option("--id", help="Show all labels of this prediction.")] = "",  # noqa: A002 - the option's name
    release: Annotated[str, typer.Option(help="Let the held labels of this source count.")] = "",
    drop: Annotated[str, typer.Option(help="Never let the held labels of this source count.")] = "",
    message: Message = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Show the sources of labels, and what is held back: more than the cap, or far off from what is usual.

    Held labels are kept, and join no prediction. Released ones do from then on.
    """
    from noria.monitor.feedback import Feedback

    project = find_project()
    feedback = Feedback(project.home / "lake")
    if release or drop:
        _say(project, feedback, release or drop, "released" if release else "dropped", message, yes=yes)
    elif id:
        labels = _history(feedback, id)
        print_json({"labels": labels.to_dicts()}) if as_json else _show(labels)
    elif as_json:
        print_json({"sources": feedback.sources().to_dicts(), "holds": feedback.spans().to_dicts()})
    else:
        _show(feedback.sources())
        for span in feedback.spans().iter_rows(named=True):
            print("{source}, {begin:%F %T} to {end:%F %T}: {state} by {by}, {reason}".format(**span))


def _history(feedback: Feedback, id: str) -> pl.DataFrame:  # noqa: A002
    labels = feedback.history(id)
    if labels.is_empty():
        raise DataError(f"no label came for {id!r}", hint="noria feedback")
    return labels


def _say(project: Project, feedback: Feedback, source: str, state: str, message: str, *, yes: bool) -> None:
    """Say what becomes of the held labels of a source, here and in the ledger.

    Raises:
        DataError: none are held.
    """
    from noria.clock import open_clock
    from noria.rows import Entry
    from noria.wiring import state as control_state

    confirm(f"all held labels of {source}: {state}. Go on?", yes=yes)
    now = open_clock(project.home).now()
    spans = feedback.say(source, state, actor(), now)
    if not spans:
        raise DataError(f"no labels of {source!r} are held", hint="noria feedback")
    body: dict[str, Any] = {"source": source, "spans": spans, "reason": message or "by hand"}
    entry = Entry(at=now, actor=actor(), kind=f"labels {state}", body=body)
    control_state(project).record(project.name, [entry])
    print(f"{spans} held stretch{'es' * (spans > 1)} of labels of {source}: {state}")


def _show(rows: pl.DataFrame) -> None:
    from rich.console import Console
    from rich.table import Table

    if rows.is_empty():
        print("no labels yet: noria label FILE sends some")
        return
    table = Table(*rows.columns, box=None)
    for row in rows.iter_rows():
        table.add_row(*map(_text, row))
    Console().print(table)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%F %T}"
    return "" if value is None else str(value)
