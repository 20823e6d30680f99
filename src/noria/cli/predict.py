"""`noria predict FILE`: the rows of a file, answered by the version that serves."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from noria.cli.session import AsJson, find_project, print_json


def command(
    file: Annotated[Path, typer.Argument(help="CSV, Parquet or a Delta table with the model's features.")],
    out: Annotated[
        Path | None, typer.Option(help="A .parquet file, or a directory for a Delta table.")
    ] = None,
    version: Annotated[int | None, typer.Option(help="Another version than the champion.")] = None,
    id: Annotated[str | None, typer.Option("--id", help="The column that tells the rows apart.")] = None,  # noqa: A002 - the option's name
    as_json: AsJson = False,
) -> None:
    """Predict all rows of a file with the champion; write id, prediction and version. Nothing is recorded."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from noria.artifact.signature import public_key
    from noria.registered import find
    from noria.scoring.order import Order
    from noria.scoring.process import predict
    from noria.wiring import state

    project = find_project()
    row = find(state(project), project.name, version)
    order = Order(
        artifact=row.artifact,
        digest=row.digest,
        key=str(public_key(project.home)),
        version=row.version,
        file=str(file),
        out=str(out or file.with_name(f"{file.name.partition('.')[0]}.predictions.parquet")),
        id=id,
    )
    began, rows = time.monotonic(), 0
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=as_json) as progress:
        task = progress.add_task("", total=None)
        for rows, of in predict(order):
            progress.update(task, completed=rows, total=of)
    seconds = time.monotonic() - began
    if as_json:
        print_json({"rows": rows, "version": row.version, "out": order.out, "seconds": seconds})
    else:
        print(f"{rows} rows predicted by {project.name}/{row.version} in {seconds:.1f} s: {order.out}")
