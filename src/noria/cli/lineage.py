"""`noria lineage`: what a version was made from, and which versions were made from something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from noria.cli.session import AsJson, find_project, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from noria.card.lineage import Batch, Lineage, Origin


def command(
    what: Annotated[
        str, typer.Argument(help="A version, a data version such as data/3, or a hash; without it, all.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Lead from a version to code, data, parameters, environment and policy, and from any of them back."""
    from rich.console import Console

    from noria.card.lineage import lineage
    from noria.wiring import state

    project = find_project()
    found = lineage(project, state(project), what)
    if as_json:
        print_json(found)
        return
    if not found.versions and not what:
        print("no version yet; try: noria run")
        return
    console = Console()
    for table in _tables(found):
        console.print(table)


def _tables(found: Lineage) -> list[Table]:
    alone = len(found.versions) == 1 and not found.forward
    first = _version(found.versions[0]) if alone else _versions(found.versions)
    return [first, *([_batches(found.batches)] if found.batches else [])]


def _versions(origins: tuple[Origin, ...]) -> Table:
    table = _table("version", "data", "rows", "commit", "policy", "environment", "run", "why")
    for each in origins:
        hashes = [each.hashes.get(name, "")[:8] for name in ("commit", "policy", "environment")]
        rows = f"{each.rows:,}" if each.rows else ""
        table.add_row(str(each.version), str(each.data_version), rows, *hashes, each.run, each.reason)
    if not origins:
        table.caption, table.caption_justify = "no version has learnt from it", "left"
    return table


def _version(origin: Origin) -> Table:
    from noria.cli.decisions import moment

    passed, asked = origin.gates
    parameters = ", ".join(f"{name} = {value}" for name, value in origin.parameters.items())
    table = _table("", "")
    table.show_header = False
    for name, text in {
        "version": str(origin.version),
        "registered": moment(origin.registered),
        "run": f"{origin.run}: {origin.reason}",
        "gates": f"{passed} of {asked} passed",
        "data version": f"{origin.data_version}, window {origin.window}",
        "rows learnt from": f"{origin.rows:,}" if origin.rows else "was not kept",
        "parameters": parameters,
        **{f"hash of {name}": value for name, value in origin.hashes.items()},
    }.items():
        table.add_row(name, text)
    return table


def _batches(batches: tuple[Batch, ...]) -> Table:
    table = _table("data version", "from", "source", "rows")
    table.title, table.title_justify = "\nrows of the data", "left"
    for each in batches:
        table.add_row(str(each.data_version), each.origin, each.source, f"{each.rows:,}")
    return table


def _table(*heads: str) -> Table:
    from rich.table import Table

    table = Table(*heads, box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in table.columns:
        column.overflow = "fold"
    return table
