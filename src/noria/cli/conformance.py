"""`noria conformance URL`: does a server speak Open Inference v2?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from noria.cli.session import AsJson, print_json
from noria.errors import DataError

if TYPE_CHECKING:
    from noria.conformance.check import Result

COLOURS = {"passed": "green", "failed": "red", "skipped": "yellow"}


def command(
    url: Annotated[str, typer.Argument(help="The server's address, such as http://127.0.0.1:8080.")],
    model: Annotated[
        str, typer.Option(help="The model to try; else the first one that the server lists.")
    ] = "",
    header: Annotated[
        list[str] | None, typer.Option(help="'NAME: VALUE', sent with each request; may stand several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try a server against the specification; exits with 1 when a required check fails."""
    from noria.conformance.client import Client
    from noria.conformance.suite import conforms, run
    from noria.conformance.target import discover

    target = discover(Client(url.rstrip("/"), dict(map(_header, header or ()))), model)
    results = run(target)
    if as_json:
        print_json({"url": url, "model": target.model, "ok": conforms(results), "checks": results})
    else:
        _print(target.model, results)
    raise typer.Exit(0 if conforms(results) else 1)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise DataError(f"--header {text!r}; allowed: 'NAME: VALUE'", hint="noria conformance --help")
    return name.strip(), value.strip()


def _print(model: str, results: Sequence[Result]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("check", "", "", "found", title=f"model {model}", box=None, pad_edge=False)
    for result in results:
        need = "required" if result.required else "optional"
        mark = f"[{COLOURS[result.status]}]{result.status}[/]"
        table.add_row(result.check, need, mark, escape(result.found))
    console = Console()
    console.print(table)
    for result in results:
        if result.status == "failed":
            console.print(f"\n{result.check}: {escape(result.says)}")
    counts = Counter(f"{result.status}" for result in results)
    console.print("\n" + ", ".join(f"{number} {status}" for status, number in counts.items()))
