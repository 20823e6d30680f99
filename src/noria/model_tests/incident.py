"""Turns a failure into a permanent test of the project, which the failed version fails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from noria.artifact.model import Model
from noria.errors import DataError
from noria.model_tests import under_test
from noria.model_tests.exhibit import Exhibit, exhibit
from noria.model_tests.failure import Failure
from noria.model_tests.run import FOLDER, run_tests
from noria.model_tests.under_test import UnderTest
from noria.project.model import Project
from noria.project.table import read_schema

TIMEOUT = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """The files of a test; `rows` are how many it asks, `said` is what it says of the version that failed."""

    failure: Failure
    test: Path
    data: Path
    rows: int
    said: str


def write_incident(project: Project, failure: Failure) -> Incident:
    """Write a test that shows the failure, and run it: the failed version fails, the one before passes.

    Raises:
        DataError: what was predicted then does not show the failure, or not by a test: none is written.
        ArtifactError: one of the two versions is gone.
    """
    both = [under_test.of_version(project, number) for number in (failure.version, failure.before)]
    models = (Model(Path(each.shipped)) for each in both)
    found = exhibit(project, read_schema(project.root), failure, *models)
    name = "incident_" + re.sub(r"\W+", "_", failure.rollout)
    data, test = (project.root / FOLDER / file for file in (f"{name}.parquet", f"test_{name}.py"))
    test.parent.mkdir(parents=True, exist_ok=True)
    found.rows.write_parquet(data)
    test.write_text(_text(project, failure, found, name), encoding="utf-8")
    try:
        said = _proven(both, test, project.home / "tests" / name)
    except DataError:
        data.unlink()
        test.unlink()
        raise
    return Incident(failure=failure, test=test, data=data, rows=found.rows.height, said=said)


def _proven(both: Sequence[UnderTest], test: Path, out: Path) -> str:
    """Return what the test says of the first of both, which has to fail it; the second has to pass."""
    sessions = [run_tests(each, out / each.name.replace(" ", "-"), TIMEOUT, only=test) for each in both]
    results = [result for session in sessions for result in session.results]
    if [result.outcome for result in results] == ["failed", "passed"]:
        return results[0].said
    failed, before = (each.name for each in both)
    came = "; ".join(f"{one.outcome} {one.said}".strip() for one in results) or sessions[0].trouble
    raise DataError(
        f"no test was written: {failed} should fail it, and {before} pass; it came to: {came}",
        hint=f"less {sessions[0].log}",
    )


def _text(project: Project, failure: Failure, found: Exhibit, name: str) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("noria.model_tests", ".")
    environment = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["plain"] = lambda text: re.sub(r'[\\"]', "'", text)
    return environment.get_template("incident.py.jinja").render(
        failure=failure, found=found, name=name, label=project.data.label, loss=project.loss.name
    )
