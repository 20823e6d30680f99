"""`noria why STEP`: would this step of the pipeline run again, and why?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from noria.cli.session import AsJson, find_project, print_json
from noria.errors import DataError
from noria.project.model import Project


def command(
    step: Annotated[str, typer.Argument(help="A step of the pipeline, such as model.")],
    as_json: AsJson = False,
) -> None:
    """Say what has changed in the working tree since the step was executed last, on the same rows."""
    from noria.jobs import request
    from noria.pipeline.why import why
    from noria.project.table import read_schema
    from noria.wiring import state

    project = find_project()
    rows, schema = _newest_rows(project), read_schema(project.root)
    store = state(project)
    number = store.model(project.name).champion
    champion = store.version(project.name, number) if number else None
    artifact = champion.artifact if champion else None
    reasons = why(request(project, schema, project.root, str(rows), project.home, artifact), step)
    if as_json:
        print_json({"step": step, "runs": bool(reasons), "reasons": reasons})
    elif reasons:
        print(f"{step} would run:", *reasons, sep="\n  ")
    else:
        print(f"{step} would not run: its stored output would be taken")


def _newest_rows(project: Project) -> Path:
    """Return the rows that the pipeline was executed on last: all of them, where it was the refit.

    Raises:
        DataError: the pipeline was never executed.
    """
    events = sorted(project.home.glob("runs/*/*/steps.jsonl"), key=lambda path: path.stat().st_mtime)
    if not events:
        raise DataError(f"the pipeline of {project.name} was never executed", hint="noria run")
    execution = events[-1].parent
    return execution.parent / "rows" / f"{execution.name}.parquet"
