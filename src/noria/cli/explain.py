"""`noria explain`: why a past prediction came out as it did, and what a version goes by."""

from __future__ import annotations

from typing import Annotated

import typer

from noria.cli.session import AsJson, find_project, print_json
from noria.errors import NoriaError
from noria.project.model import Project


def command(
    key: Annotated[str | None, typer.Argument(metavar="ID", help="The id of a past prediction.")] = None,
    at: Annotated[str, typer.Option(help="Of several with this id, the one of a time: 2013-02-01T08.")] = "",
    entity: Annotated[str, typer.Option(help="Of several with this id, the one about this entity.")] = "",
    flip: Annotated[bool, typer.Option("--flip", help="Show what would have changed the answer.")] = False,
    version: Annotated[int | None, typer.Option(help="Show what moves the answers of a version.")] = None,
    against: Annotated[int | None, typer.Option(help="With --version: compare it with another one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what each column of a past prediction brought to its answer, or to those of a version."""
    if (key is None) == (version is None):
        raise NoriaError(
            "give the id of a prediction, or --version and a number: one of the two",
            hint="noria explain --help",
        )
    project = find_project()
    if key is None:
        _version(project, version or 0, against, as_json=as_json)
    else:
        _prediction(project, key, at, entity, flip=flip, as_json=as_json)


def _prediction(project: Project, key: str, at: str, entity: str, *, flip: bool, as_json: bool) -> None:
    from rich.console import Console

    from noria.cli.explain_tables import explained, flipped
    from noria.explain import prediction
    from noria.explain.explanation import explanation
    from noria.explain.flip import flips
    from noria.explain.version import Version
    from noria.registered import find
    from noria.wiring import state

    asked = prediction.find(project, key, at=at, entity=entity)
    answered = Version(find(state(project), project.name, asked.version), project.home)
    told = explanation(asked, answered)
    found = flips(asked, answered, project.explain) if flip else None
    if as_json:
        print_json({"explanation": told} | ({"flips": found} if flip else {}))
        return
    for part in (*explained(told), *(flipped(found) if found is not None else ())):
        Console().print(part)


def _version(project: Project, number: int, against: int | None, *, as_json: bool) -> None:
    from rich.console import Console

    from noria.cli.explain_tables import ranked
    from noria.explain.importance import importance
    from noria.registered import find
    from noria.wiring import state

    store = state(project)
    shares = importance(find(store, project.name, number))
    before = importance(find(store, project.name, against)) if against else {}
    if as_json:
        print_json({str(number): shares} | ({str(against): before} if against else {}))
    else:
        Console().print(ranked(number, shares, against, before))
