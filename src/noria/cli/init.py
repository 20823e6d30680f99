"""`noria init`: make a project out of anyone's table, or from a template."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from noria.errors import GitError, ProjectError

if TYPE_CHECKING:
    from noria.project.scaffold import Examples

TEMPLATES = ("flights", "tabular")


def command(
    name: Annotated[str, typer.Argument(help="The new directory; its last part becomes the model's name.")],
    data: Annotated[
        list[str] | None,
        typer.Option(help="CSV or Parquet files, or a Delta table; a glob, or several times."),
    ] = None,
    label: Annotated[str | None, typer.Option(help="The column to predict.")] = None,
    time: Annotated[str | None, typer.Option(help="The column with a row's moment.")] = None,
    entity: Annotated[str | None, typer.Option(help="Whom a row is about, each or at each time.")] = None,
    label_time: Annotated[
        str | None, typer.Option(help="The column with the moment at which a row's label became known.")
    ] = None,
    label_delay: Annotated[
        str | None, typer.Option(help="How long after its row a label is known at the latest, such as 7d.")
    ] = None,
    template: Annotated[
        str | None, typer.Option(help=f"Instead of --data: {' or '.join(TEMPLATES)}.")
    ] = None,
    months: Annotated[
        int, typer.Option(min=1, max=12, help="Of the template flights: how many months, from January on.")
    ] = 1,
) -> None:
    """Make a project: noria.toml, schema.toml, a pipeline, and a first commit."""
    roles = {
        "label": label,
        "time": time,
        "entity": entity,
        "label_time": label_time,
        "label_delay": label_delay,
    }
    said = {role: value for role, value in roles.items() if value is not None}
    if template is None and not (data and label):
        raise typer.BadParameter("give --data FILES and --label COLUMN, or --template NAME")
    if template is not None and (data or said):
        raise typer.BadParameter("a template brings its own data: leave the options on data out")
    if template not in (None, *TEMPLATES):
        raise typer.BadParameter(f'--template: found "{template}"; allowed: {", ".join(TEMPLATES)}')
    root = Path(name)
    _require_free(root)
    try:
        examples = _bring(root / "data", template, months, data or [], said)
        summary = _make(root, template, examples)
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
    typer.echo(f"{summary}\ntry: cd {name} && noria doctor && noria run")


def _require_free(root: Path) -> None:
    from noria.project.scalars import NAME_OF_MODEL

    faults: list[str] = []
    NAME_OF_MODEL.read(root.name, "the project's name", faults)
    if root.exists():
        faults.append(f"{root}: is there already; allowed: the name of a new directory")
    if faults:
        raise ProjectError(tuple(faults), hint="noria init --help")


def _bring(
    folder: Path, template: str | None, months: int, data: list[str], said: dict[str, str]
) -> Examples:
    """Put the data into `folder`; `said` is what the command line says of their columns."""
    from noria.project import samples
    from noria.project.scaffold import Examples

    folder.mkdir(parents=True)
    if template == "flights":
        return _flights(folder, months)
    if template == "tabular":
        return _customers(folder)
    source = samples.copy(samples.matching(Path(), data), folder)
    return Examples(source=source, **said)


def _make(root: Path, template: str | None, examples: Examples) -> str:
    """Infer what the data tell, write and commit the project, and return a sentence about it."""
    from noria.project import samples
    from noria.project.infer import infer
    from noria.project.parse import load
    from noria.project.scaffold import write_project

    roles = {role: getattr(examples, role) for role in ("label", "time", "entity", "label_time")}
    inference = infer(samples.read(samples.matching(root, [examples.source])), **roles)
    if examples.unused:
        inference = inference.without(examples.unused, "not used yet")
    write_project(root, template, examples, inference)
    load(root)
    _first_commit(root)
    no_roles = {name: why for name, why in inference.left_out.items() if name not in roles.values()}
    left_out = [f"  {name} is no feature: {why}" for name, why in no_roles.items()]
    head = f"{root.name}: {inference.rows:,} rows, {inference.task}, {len(inference.features)} features"
    return "\n".join([head, *left_out])


def _flights(folder: Path, months: int) -> Examples:
    from noria.demo.flights import write_months
    from noria.project.scaffold import Examples

    write_months(folder, months)
    return Examples(
        source="data/flights-*.parquet",
        label="late",
        time="scheduled_departure",
        entity="flight_id",
        label_time="landed_at",
    )


def _customers(folder: Path) -> Examples:
    from noria.project.customers import UNUSED, customers
    from noria.project.scaffold import Examples

    customers().write_csv(folder / "customers.csv")
    return Examples(source="data/*.csv", label="churned", entity="customer_id", unused=UNUSED)


def _first_commit(root: Path) -> None:
    """Make a git repository and commit what was written, as noria where git knows no name."""
    _git(root, "init", "--quiet")
    _git(root, "add", ".")
    known = subprocess.run(["git", "config", "user.email"], cwd=root, capture_output=True).returncode == 0
    identity = [] if known else ["-c", "user.name=noria", "-c", "user.email=noria@localhost"]
    _git(root, *identity, "commit", "--quiet", "--no-verify", "-m", "Start with noria init")


def _git(root: Path, *arguments: str) -> None:
    try:
        subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise GitError("git is not installed", hint="apt install git") from None
    except subprocess.CalledProcessError as error:
        raise GitError(f"git {arguments[0]}: {error.stderr.strip()}", hint="git status") from None
