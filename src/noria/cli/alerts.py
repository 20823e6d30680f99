"""`noria alerts`: what reached somebody, the likely causes, and how many were for nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from noria.cli.session import AsJson, DryRun, Message, Yes, actor, confirm, find_project, print_json
from noria.clock import open_clock
from noria.errors import ProjectError, StateError
from noria.project.model import Project
from noria.project.units import DURATION_ALLOWED, parse_duration
from noria.rows import AlertRow, Entry

if TYPE_CHECKING:
    from noria.adapters.state import SqlState

Change: TypeAlias = Callable[[AlertRow], AlertRow]
WEEK = "7d"


def command(
    alert: Annotated[
        str | None, typer.Argument(help="Show this one alone; the beginning of its id is enough.")
    ] = None,
    silence: Annotated[
        str | None, typer.Option("--silence", help="Tell nobody of this alert, and of others like it.")
    ] = None,
    length: Annotated[str, typer.Option("--for", help="How long it is silent.")] = WEEK,
    confirmed: Annotated[
        str | None,
        typer.Option("--confirm", help="Say that this alert had a cause: --message tells which."),
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="Send a message to each route now.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 20,
    message: Message = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """List the alerts, newest first, beside the declared rate of false ones; silence or confirm one."""
    from noria.wiring import state

    project = find_project()
    store = state(project)
    if test:
        _test(project)
    if wanted := silence or confirmed:
        found = _found(project, store, wanted)
        now = open_clock(project.home).now()
        what, change = _silence(found, length, now) if silence else _confirm(found, message)
        if dry_run:
            print(f"would be done: {what}")
            return
        confirm(f"{what}. Go on?", yes=yes)
        body = {"alert": found.id, "version": found.version, "title": found.title, "reason": message or what}
        kind = "alert silenced" if silence else "alert confirmed"
        store.change_alert(
            found.model, found.id, change, [Entry(at=now, actor=actor(), kind=kind, body=body)]
        )
        print(what)
    elif alert:
        _show(_found(project, store, alert), as_json=as_json)
    else:
        _list(project, store, limit, as_json=as_json)


def _show(alert: AlertRow, *, as_json: bool) -> None:
    from rich.console import Console

    from noria.cli.alert_table import details

    if as_json:
        print_json(alert)
    else:
        Console().print(details(alert))


def _list(project: Project, store: SqlState, limit: int, *, as_json: bool) -> None:
    from rich.console import Console

    from noria.cli.alert_table import table
    from noria.monitor.alarms import alarms

    rows, rate = store.alerts(project.name, limit), alarms(project, store)
    if as_json:
        told = {"false": rate.false, "days": rate.days, "expected": rate.expected, "over": rate.over}
        print_json({"alerts": rows, "alarms": told, "declared": rate.declared})
        return
    console = Console()
    if rows:
        console.print(table(rows))
    console.print(f"alarms: {rate}", highlight=False)


def _found(project: Project, store: SqlState, begin: str) -> AlertRow:
    rows = [row for row in store.alerts(project.name) if row.id.startswith(begin)]
    if not rows:
        raise StateError(f"there is no alert {begin}", hint="noria alerts")
    return rows[0]


def _silence(alert: AlertRow, length: str, now: datetime) -> tuple[str, Change]:
    """Return what is done to an alert, in a sentence, and the change itself."""
    from noria.cli.decisions import moment

    try:
        until = now + parse_duration(length)
    except (ValueError, OverflowError):
        fault = f"--for: found {length!r}; allowed: {DURATION_ALLOWED}"
        raise ProjectError((fault,), hint="noria alerts --help") from None
    what = f"{alert.id} ({alert.title}) is silent until {moment(until)}"
    return what, lambda row: replace(row, silenced_until=until)


def _confirm(alert: AlertRow, cause: str) -> tuple[str, Change]:
    if not cause:
        fault = "--confirm: found no --message; allowed: the cause, in a sentence"
        raise ProjectError((fault,), hint=f'noria alerts --confirm {alert.id} --message "CAUSE"')
    return f"{alert.id} ({alert.title}) was caused: {cause}", lambda row: replace(row, confirmed=cause)


def _test(project: Project) -> None:
    """Tell each route a sentence; exit with 1 if one did not take it."""
    from noria.adapters.notify import send
    from noria.monitor.telling import named

    routes = project.alerts.routes
    if not routes:
        raise ProjectError(("alerts.routes: there is none to test",), hint="noria doctor")
    faults = 0
    for number, route in enumerate(routes, 1):
        fault = send(route, f"{project.name}: a test", "Alerts of noria come this way.")
        faults += bool(fault)
        print(f"{named(number, route)}: {fault or 'took it'}")
    raise typer.Exit(1 if faults else 0)
