"""Alerts to read: a table of many, or one with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from noria.cli.decisions import moment
from noria.rows import AlertRow

COLOURS = {"critical": "bold red", "warning": "yellow", "info": ""}


def table(alerts: Sequence[AlertRow]) -> Table:
    """Return the alerts, in this order, with their likeliest cause and the next command."""
    told = Table("alert", "opened", "state", "what, and why", box=None, pad_edge=False)
    for column in told.columns[:-1]:
        column.no_wrap = True
    for alert in alerts:
        colour = COLOURS[alert.severity] if alert.ended is None else "dim"
        lines = [Text(alert.title, style=colour), *_causes(alert.causes[:1]), Text(f"next: {alert.next}")]
        told.add_row(alert.id, moment(alert.opened), Text(state(alert), style=colour), Group(*lines))
    return told


def details(alert: AlertRow) -> Group:
    """Return one alert with its signals, causes and routes."""
    head = Text.assemble((f"{alert.id} ", "bold"), (f"{alert.title}", COLOURS[alert.severity]))
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, said in _facts(alert):
        facts.add_row(name, Text(said))
    return Group(head, facts)


def state(alert: AlertRow) -> str:
    """Return how bad an alert is, and whether it is over."""
    return f"{alert.severity}, over" if alert.ended else alert.severity


def _facts(alert: AlertRow) -> Iterable[tuple[str, str]]:
    yield "state", alert.severity
    yield "opened", f"{moment(alert.opened)}, last seen on {alert.last_seen:%Y-%m-%d}"
    if alert.ended:
        yield "ended", moment(alert.ended)
    for row in alert.signals:
        yield row.day, row.reason
    if alert.cost:
        yield "cost", alert.cost
    for cause in alert.causes:
        yield "likely", cause
    if alert.confirmed:
        yield "cause", alert.confirmed
    if alert.silenced_until:
        yield "silent", f"until {moment(alert.silenced_until)}"
    if alert.told:
        yield "told", ", ".join(alert.told)
    for route, why in alert.failed.items():
        yield "failed", f"{route}: {why}"
    yield "next", alert.next


def _causes(causes: Iterable[str]) -> list[Text]:
    return [Text(f"likely: {cause}") for cause in causes]
