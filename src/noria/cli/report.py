"""`noria report`: what came in and what became of it, as a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from noria.cli.session import find_project, write


def command(
    file: Annotated[Path, typer.Argument(help="Where the page is written.")] = Path("report.html"),
    grafana: Annotated[
        bool, typer.Option("--grafana", help="Write a dashboard for Grafana instead, as JSON.")
    ] = False,
) -> None:
    """Write a page of the last quarter: alerts, a heat map of drift, distributions, quality by day."""
    from noria.monitor.report.grafana import dashboard
    from noria.monitor.report.page import page
    from noria.wiring import state

    if grafana:
        write(file, json.dumps(dashboard(), indent=2))
        print(f"{file}: import it in Grafana, with the Prometheus that asks the gateway")
        return
    project = find_project()
    write(file, page(project, state(project)))
    print(f"{file}: open it in a browser; it needs no network")
