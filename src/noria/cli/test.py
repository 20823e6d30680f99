"""`noria test`: the project's model tests, on a registered version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from noria.cli.session import AsJson, find_project, print_json
from noria.errors import JobError, ProjectError

if TYPE_CHECKING:
    from rich.table import Table

    from noria.model_tests.run import Session

FAILED = 3
COLOURS = {"passed": "green", "failed": "red", "error": "red", "skipped": "yellow", "running": "red"}


def command(
    version: Annotated[int | None, typer.Argument(help="By default the champion.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that all tests may take together.")] = 300,
    as_json: AsJson = False,
) -> None:
    """Run the tests in tests/model on a version; exit with 3 when one fails."""
    from noria.model_tests import under_test
    from noria.model_tests.run import FOLDER, files_of, run_tests

    project = find_project()
    if not files_of(project.root):
        raise ProjectError(
            (f"there are no tests in {project.root / FOLDER}: no file test_*.py",), hint="noria init --help"
        )
    about = under_test.of_version(project, version)
    session = run_tests(about, project.home / "tests" / about.name.replace(" ", "-"), timeout)
    if as_json:
        print_json({"tested": about.name, "trouble": session.trouble, "results": session.results})
    else:
        _print(session, about.name)
    if session.trouble or session.of("error"):
        said = session.trouble or f"{len(session.of('error'))} could not run, see above"
        raise JobError(f"{about.name} is not tested: {said}", hint=f"less {session.log}")
    if session.of("failed"):
        raise typer.Exit(FAILED)


def _print(session: Session, name: str) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(_table(session))
    for result in session.results:
        if result.outcome in ("failed", "error"):
            console.print(f"\n[bold]{result.outcome}:[/] ", end="")
            console.print(result.test, markup=False)
            console.print("\n".join(_own(result.told)), markup=False, soft_wrap=True)
    counts = (f"{len(session.of(outcome))} {outcome}" for outcome in COLOURS if session.of(outcome))
    console.print(f"\n{name}: {', '.join(counts) or 'no test ran'}; {session.junit}", markup=False)


def _table(session: Session) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("test", "result", "seconds", "why", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.columns[0].no_wrap = True
    table.columns[-1].overflow = "fold"
    for result in session.results:
        outcome = Text(result.outcome, style=COLOURS[result.outcome])
        name = Text(result.test.removeprefix("tests/model/"))
        table.add_row(name, outcome, f"{result.seconds:.2f}", Text(result.said))
    return table


def _own(told: str) -> Iterator[str]:
    """Yield the lines of a report that say what went wrong; pytest marks them, where there is code around."""
    marked = [line[4:] for line in told.splitlines() if line.startswith("E ")]
    yield from marked or told.splitlines()
