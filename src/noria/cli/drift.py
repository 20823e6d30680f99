"""`noria drift`: what comes in beside what the champion learnt from, feature by feature."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from noria.cli.session import AsJson, find_project, print_json
from noria.errors import ProjectError, StateError

if TYPE_CHECKING:
    from noria.ports import State
    from noria.project.model import Project
    from noria.rows import SignalRow

WEEKS = timedelta(weeks=4)
"""How far back the course of a column is shown."""


def command(
    column: Annotated[
        str | None, typer.Option(help="Show this column alone: its course, and its values before and now.")
    ] = None,
    day: Annotated[str | None, typer.Option(help="The day that is shown (UTC); by default the last.")] = None,
    version: Annotated[
        int | None, typer.Option(help="The version that is shown; by default the champion.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Learn to tell the last week's rows from those learnt from.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show how far each feature of a day is from what the version learnt from, and what changed."""
    from rich.console import Console

    from noria.cli.drift_table import course, table
    from noria.wiring import state

    project = find_project()
    store = state(project)
    said = _said(project, store, day, version)
    if column:
        said = [row for row in said if row.subject == column]
        if not said:
            raise StateError(f"nothing was said of a column {column}", hint="noria drift")
    if explain:
        _explain(project, store, said[-1], as_json=as_json)
    elif as_json:
        print_json([row for row in said if row.day == said[-1].day or column])
    elif column:
        Console().print(course(said, _bars(project, store, said[-1])))
    else:
        Console().print(table(said))


def _explain(project: Project, store: State, last: SignalRow, *, as_json: bool) -> None:
    from rich.console import Console

    from noria.cli.drift_table import told_apart
    from noria.monitor.explanation import explanation

    found = explanation(project, store, last.version, date.fromisoformat(last.day))
    if as_json:
        print_json(found)
    else:
        Console().print(told_apart(found))


def _said(project: Project, store: State, day: str | None, version: int | None) -> list[SignalRow]:
    """Return what was said of a version up to a day, from four weeks before on; the newest last."""
    until = _date(day) if day else date.max
    rows = [row for row in store.signals(project.name) if row.day <= until.isoformat()]
    champion = version or store.model(project.name).champion
    rows = [row for row in rows if row.version == champion]
    if not rows:
        of = f"version {champion}" if champion else "any version"
        raise StateError(
            f"no day of {of} has been checked yet: a day is checked when it is over", hint="noria status"
        )
    since = (date.fromisoformat(rows[-1].day) - WEEKS).isoformat()
    return [row for row in rows if row.day > since]


def _bars(project: Project, store: State, row: SignalRow) -> list[tuple[str, float, float]]:
    """Return the shares of a column's values before and on the day; none where they are not known."""
    from noria.core.profile.profile import total
    from noria.monitor.references import References
    from noria.monitor.report.distribution import distribution

    reference = References(store, project.name).of(row.version)
    if reference is None or row.subject not in reference.grid.columns:
        return []
    after = (date.fromisoformat(row.day) + timedelta(days=1)).isoformat()
    hours = store.profiles(project.name, row.version, row.day, after)
    shown = distribution(reference, total(hours.values(), reference.grid), row.subject)
    return [(bar.name, bar.before, bar.now) for bar in shown]


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fault = f"--day: found {text!r}; allowed: a day such as 2013-02-01"
        raise ProjectError((fault,), hint="noria drift --help") from None
