"""`noria gateway`: serve a project's model by itself, without the other parts."""

from __future__ import annotations

from typing import Annotated

import typer

from noria.cli.session import find_project


def command(
    port: Annotated[int | None, typer.Option(help="The port, instead of the project's.")] = None,
    worker: Annotated[int, typer.Option(help="The number of this gateway among several.")] = 0,
) -> None:
    """Answer predictions until SIGTERM."""
    from noria.clock import open_clock
    from noria.gateway import app
    from noria.gateway.http import Limits
    from noria.project.table import read_schema

    project = find_project()
    settings = app.Settings(
        home=project.home,
        model=project.name,
        entity=project.data.entity,
        columns=tuple(name for name in read_schema(project.root).names if name != project.data.label),
        host=project.serve.host,
        port=project.serve.port if port is None else port,
        worker=worker,
        limits=Limits(max_body=project.serve.max_body),
    )
    app.run(settings, open_clock(project.home))
