"""`noria gateway`: serve the models of projects, without the other parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from noria.cli.session import find_project
from noria.project.model import Project

if TYPE_CHECKING:
    from noria.gateway.settings import ModelSettings


def command(
    projects: Annotated[
        list[Path] | None, typer.Argument(help="Projects whose models it serves; by default the one around.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="The port, instead of the first project's.")] = None,
) -> None:
    """Answer predictions until SIGTERM; SIGHUP replaces the workers one by one."""
    from noria.clock import open_clock
    from noria.gateway import keeper
    from noria.gateway.http.messages import Limits
    from noria.gateway.settings import Settings

    found = [find_project(path) for path in projects or [Path.cwd()]]
    project = found[0]
    serve = project.serve
    settings = Settings(
        models=tuple(map(_of_model, found)),
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
        outliers=project.monitor.outliers,
        coverage=project.monitor.coverage,
    )
