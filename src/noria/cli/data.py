"""`noria data list|check|diff|experiment|value|remove`: what the models learn from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from noria.cli.session import AsJson, DryRun, Message, Yes, actor, confirm, find_project, print_json

if TYPE_CHECKING:
    import polars as pl

    from noria.adapters.lake import Removed
    from noria.dataset.experiment import Fit
    from noria.dataset.removal import Learner
    from noria.project.model import Project
    from noria.project.table import TableSchema

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Look into the dataset, and take rows out.",
)
Version = Annotated[int | None, typer.Argument(help="A data version; without it, the newest.")]


@app.command("list")
def list_versions(as_json: AsJson = False) -> None:
    """List the data versions: how many rows each added, and from where."""
    from noria.cli.data_tables import show_versions
    from noria.dataset.versions import versions

    found = versions(find_project())
    print_json(found) if as_json else show_versions(found)


@app.command()
def check(
    version: Version = None,
    quick: Annotated[bool, typer.Option("--quick", help="Without duplicates and label errors.")] = False,
    as_json: AsJson = False,
) -> None:
    """Report on a data version: label errors, duplicates, balance, gaps, changes; the report is kept."""
    from noria.cli.data_tables import show_report
    from noria.dataset.report import report, save

    project, schema = _project()
    made = report(project, schema, version or _newest(project), thorough=not quick)
    file = save(made, project.home)
    print_json(made) if as_json else show_report(made, file, project.data)


@app.command()
def diff(
    before: Annotated[int, typer.Argument(help="The older data version.")],
    after: Annotated[int, typer.Argument(help="The newer one.")],
    as_json: AsJson = False,
) -> None:
    """Say what is different between two data versions: rows, columns, distributions and labels."""
    from noria.cli.data_tables import show_difference
    from noria.dataset.report import compared

    found = compared(*_project(), before, after)
    print_json(found) if as_json else show_difference(found)


@app.command()
def experiment(
    before: Annotated[int, typer.Argument(help="The older data version.")],
    after: Annotated[int, typer.Argument(help="The newer one.")],
    as_json: AsJson = False,
) -> None:
    """Train the working tree's code on two data versions, and judge both on the same untouched holdout."""
    from noria.cli.data_tables import show_experiment
    from noria.clock import open_clock
    from noria.dataset.experiment import experiment

    project, schema = _project()
    with _pipeline(project, schema) as fit:
        found = experiment(project, before, after, fit, open_clock(project.home).now())
    print_json(found) if as_json else show_experiment(found)


@app.command()
def value(
    version: Version = None,
    by: Annotated[
        str, typer.Option(help="What a source is: source, version, month, or a column.")
    ] = "source",
    as_json: AsJson = False,
) -> None:
    """Say which sources and rows help the newest rows, and which hurt; each source is a training."""
    from noria.cli.data_tables import show_value
    from noria.clock import open_clock
    from noria.dataset.examples import kinds
    from noria.dataset.experiment import hold_out
    from noria.dataset.value import sources, worst_rows

    project, schema = _project()
    held = hold_out(project, version or _newest(project), open_clock(project.home).now())
    with _pipeline(project, schema) as fit:
        found = sources(project, held, by, fit)
    rows = worst_rows(project, held, kinds(project, schema))
    print_json({"sources": found, "rows": rows}) if as_json else show_value(found, rows, project.data)


@app.command()
def remove(
    entity: Annotated[str, typer.Option(help="All rows of this entity.")] = "",
    id: Annotated[str, typer.Option("--id", help="The row of this prediction.")] = "",  # noqa: A002 - the option's name
    where: Annotated[str, typer.Option(help="All rows with COLUMN=VALUE.")] = "",
    purge: Annotated[
        bool,
        typer.Option("--purge", help="Also delete former states of the dataset, copies in runs, and caches."),
    ] = False,
    message: Message = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take rows out of all data versions for good, and list the versions that learnt from them."""
    from noria.adapters.supervisor import is_up, only_one
    from noria.cli.data_tables import show_removal
    from noria.dataset import removal
    from noria.errors import Unavailable
    from noria.wiring import state

    project, schema = _project()
    column, text = _told(project, entity, id, where)
    rows = removal.found(project, schema, column, text)
    store = state(project)
    learnt = removal.learners(project, rows, store.versions(project.name), store.model(project.name))
    if dry_run:
        show_removal(rows.height, learnt, None, purged=None)
        return
    if is_up(lock := project.home / "controller.lock"):
        said = "the dataset has one writer, and noria is up: end it first, with Ctrl-C where it runs"
        raise Unavailable(said, hint="noria status")
    confirm(f"{rows.height} rows with {column} = {text} leave the dataset for good. Go on?", yes=yes)
    with only_one(lock):
        removed = removal.remove(project, column, text)
        files = removal.purge(project, rows) if purge else None
    _record(project, column, text, removed, learnt, message)
    if as_json:
        print_json({"rows": rows.height, "version": removed.version, "purged": files, "learnt": learnt})
    else:
        show_removal(rows.height, learnt, removed.version, purged=files)


def _told(project: Project, entity: str, id: str, where: str) -> tuple[str, str]:  # noqa: A002
    """Return the column and the value that rows are told by.

    Raises:
        NoriaError: not exactly one option is given, or the project has no entity.
    """
    from noria.errors import NoriaError

    column, sign, text = where.partition("=")
    given = [(project.data.entity or "", entity), ("_id", id), (column.strip(), text.strip())]
    told = [(name, value) for name, value in given if value]
    if len(told) != 1 or not told[0][0] or (where and not sign):
        allowed = "one of --entity ID (where data.entity is set), --id ID or --where COLUMN=VALUE"
        raise NoriaError(f"which rows? Allowed: {allowed}", hint="noria data remove --help")
    return told[0]


def _record(
    project: Project, column: str, text: str, removed: Removed, learnt: list[Learner], message: str
) -> None:
    """Tell the ledger, which never forgets: so it gets a digest of the value."""
    from hashlib import sha256

    from noria.clock import open_clock
    from noria.rows import Entry
    from noria.wiring import state

    body: dict[str, Any] = {
        "column": column,
        "sha256": sha256(text.encode()).hexdigest(),
        "rows": removed.rows.height,
        "data_version": removed.version,
        "learnt": [learner.version for learner in learnt],
        "reason": message or f"{removed.rows.height} rows, by hand",
    }
    entry = Entry(at=open_clock(project.home).now(), actor=actor(), kind="rows removed", body=body)
    state(project).record(project.name, [entry])


@contextmanager
def _pipeline(project: Project, schema: TableSchema) -> Iterator[Fit]:
    """Give the working tree's pipeline as a function of rows; its files are gone afterwards."""
    from noria.adapters.git import Repository
    from noria.artifact.model import Model
    from noria.jobs import request
    from noria.pipeline.train import train

    with TemporaryDirectory() as folder:
        checkout = Path(Repository(project.root).export(None, Path(folder) / "checkout").path)

        def fit(rows: pl.DataFrame, name: str) -> Model:
            file = Path(folder) / f"{name}.parquet"
            rows.write_parquet(file)
            asked = request(project, schema, checkout, str(file), Path(folder) / name, None)
            return Model(Path(train(asked).artifact))

        yield fit


def _project() -> tuple[Project, TableSchema]:
    from noria.project.table import read_schema

    project = find_project()
    return project, read_schema(project.root)


def _newest(project: Project) -> int:
    from noria.adapters.lake import Dataset

    return Dataset(project.home / "lake", project.data).version
