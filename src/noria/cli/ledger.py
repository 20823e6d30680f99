"""`noria ledger`: who decided what, and when; is the record whole, and does each decision follow from it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from noria.cli.session import AsJson, find_project, print_json


class What(StrEnum):
    SHOW = "show"
    VERIFY = "verify"
    RECOMPUTE = "recompute"


def command(
    what: Annotated[
        What,
        typer.Argument(help="Show entries, verify the chain of all, or compute all decisions again."),
    ] = What.SHOW,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest are shown.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the ledger's last entries, oldest first, or verify that nobody tampered with any of them.

    Or compute each decision that noria took again, from what stands in the ledger, and say which of them come
    out otherwise.
    """
    from rich.console import Console

    from noria.cli.decisions import table
    from noria.wiring import state

    project = find_project()
    store = state(project)
    if what is What.VERIFY:
        _verify(store, project.name, as_json=as_json)
        return
    if what is What.RECOMPUTE:
        _recompute(store.ledger(project.name), as_json=as_json)
        return
    entries = store.ledger(project.name, limit)
    if as_json:
        print_json(entries)
    else:
        Console().print(table(entries))


def _verify(store: Any, model: str, *, as_json: bool) -> None:
    """Check the whole ledger against its kept end; exit with 1 if it has faults."""
    from noria.core.ledger import verify

    head = store.head(model)
    faults = verify(store.ledger(model), head)
    said = f"the ledger holds: {head.seq} entries, the last with hash {head.hash}"
    _tell({"entries": head.seq, "hash": head.hash}, faults, said, as_json=as_json)


def _recompute(entries: list[dict[str, Any]], *, as_json: bool) -> None:
    """Compute the decisions of the whole ledger again; exit with 1 if any comes out otherwise."""
    from noria.loop.recompute import recompute

    found = recompute(entries)
    faults = [f"entry {one.seq}, {one.kind}: {one.fault}" for one in found if one.fault]
    count = "1 decision was" if len(found) == 1 else f"{len(found)} decisions were"
    said = f"{count} computed again, and came out the same"
    _tell({"decisions": len(found)}, faults, said, as_json=as_json)


def _tell(facts: dict[str, Any], faults: list[str], said: str, *, as_json: bool) -> None:
    """Print the faults, or what is said where there are none, and exit."""
    if as_json:
        print_json({"ok": not faults, **facts, "faults": faults})
    elif faults:
        typer.echo("\n".join(faults), err=True)
    else:
        typer.echo(said)
    raise typer.Exit(1 if faults else 0)
