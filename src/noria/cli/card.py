"""`noria card`: what is recorded of a version, as a card, a page, a bill of materials or for Annex IV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from noria.cli.session import AsJson, find_project, print_json, write


def command(
    version: Annotated[int | None, typer.Argument(help="Which version; without it, the champion.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write one page with pictures to this file.")] = None,
    bom: Annotated[Path | None, typer.Option(help="Write a CycloneDX ML-BOM to this file.")] = None,
    annex_iv: Annotated[
        Path | None, typer.Option("--annex-iv", help="Write the EU AI Act's Annex IV to this file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the model card of a version as Markdown, from the records alone; what they lack is missing."""
    from noria.card.document import markdown
    from noria.card.record import gather
    from noria.card.sections import sections
    from noria.clock import open_clock
    from noria.wiring import state

    project = find_project()
    record = gather(project, state(project), version, open_clock(project.home).now())
    if html:
        from noria.card.page import page

        write(html, page(record))
        print(f"{html}: open it in a browser; it needs no network")
    if bom:
        from noria.card.bom import bill

        write(bom, bill(record))
        print(f"{bom}: a CycloneDX bill of materials of {record.name}")
    if annex_iv:
        from noria.card.annex_iv import annex_iv as pack

        write(annex_iv, markdown(f"{record.name}: technical documentation", pack(record)))
        print(f"{annex_iv}: what the records say to Annex IV, point by point")
    if as_json:
        print_json(sections(record))
    elif not (html or bom or annex_iv):
        print(markdown(record.name, sections(record)), end="")
