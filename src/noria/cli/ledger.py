"""`noria ledger`: who decided what, and when; `noria ledger verify`: is the record whole."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from noria.cli.session import AsJson, find_project, print_json


class What(StrEnum):
    SHOW = "show"
    VERIFY = "verify"


def command(
    what: Annotated[What, typer.Argument(help="Show the entries, or verify the chain of all.")] = What.SHOW,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest are shown.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the ledger's last entries, oldest first, or verify that nobody tampered with any of them."""
    from rich.console import Console

    from noria.cli.decisions import table
    from noria.wiring import state

    project = find_project()
    store = state(project)
    if what is What.VERIFY:
        _verify(store, project.name, as_json=as_json)
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
    if as_json:
        print_json({"ok": not faults, "entries": head.seq, "hash": head.hash, "faults": faults})
    elif faults:
        typer.echo("\n".join(faults), err=True)
    else:
        typer.echo(f"the ledger holds: {head.seq} entries, the last with hash {head.hash}")
    raise typer.Exit(1 if faults else 0)
