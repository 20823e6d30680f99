"""`noria gateway`: serve a project's model by itself, without the other parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from noria.cli.session import find_project
from noria.project.model import Project

if TYPE_CHECKING:
    from noria.gateway.settings import ModelSettings


def command(
    port: Annotated[int | None, typer.Option(help="The port, instead of the project's.")] = None,
) -> None:
    """Answer predictions until SIGTERM."""
    from noria.clock import open_clock
    from noria.gateway import keeper
    from noria.gateway.http import Limits
    from noria.gateway.settings import Settings

    project = find_project()
    serve = project.serve
    settings = Settings(
        models=(_of_model(project),),
        host=serve.host,
        port=serve.port if port is None else port,
        workers=serve.workers,
        limits=Limits(max_body=serve.max_body, connections=serve.connections),
        tokens=serve.tokens,
        certificate=project.root / serve.certificate if serve.certificate else None,
        key=project.root / serve.key if serve.key else None,
        insecure=serve.insecure,
        access_log=serve.access_log,
    )
    keeper.run(settings, open_clock(project.home))


def _of_model(project: Project) -> ModelSettings:
    from noria.gateway.settings import ModelSettings
    from noria.project.table import read_schema

    serve = project.serve
    return ModelSettings(
        home=project.home,
        name=project.name,
        entity=project.data.entity,
        columns=tuple(name for name in read_schema(project.root).names if name != project.data.label),
        deadline=serve.deadline.total_seconds(),
        memory=serve.memory,
        log=serve.log,
        full=serve.full,
        fallback=serve.fallback,
        nan=serve.nan,
        rate=serve.rate,
    )
