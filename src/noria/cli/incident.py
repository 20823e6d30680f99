"""`noria incident`: a failed rollout becomes a test of the project, so that it cannot be promoted again."""

from __future__ import annotations

from typing import Annotated

import typer

from noria.cli.session import AsJson, find_project, print_json


def command(
    rollout: Annotated[str | None, typer.Argument(help="By default the last one that failed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a test that the version of a failed rollout fails, and the champion of then passes."""
    from noria.model_tests.failure import find
    from noria.model_tests.incident import write_incident
    from noria.wiring import state

    project = find_project()
    failure = find(state(project).ledger(project.name), rollout)
    incident = write_incident(project, failure)
    if as_json:
        print_json(incident)
        return
    print(f"{failure.rollout}: {failure.reason}")
    print(f"{incident.test.relative_to(project.root)} asks {incident.rows} requests of that time")
    print(f"  version {failure.version} fails: {incident.said}")
    print(f"  version {failure.before} passes")
    if not any(gate.check == "tests" for gate in project.gates):
        print('  no gate asks it yet; noria.toml lacks:\n[[gates]]\ncheck = "tests"')
    print('try: git add tests/model && git commit -m "Never again"')
