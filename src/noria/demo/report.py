"""The demo's end: a table by month and a timeline on the terminal, the same as a page with a picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from rich.console import Console
from rich.table import Table

from noria.demo.picture import Line, picture
from noria.demo.result import Count, Result

TOLD = ("run", "judged", "promoted", "rolled back", "rollback", "failed", "superseded", "aborted")
"""The kinds of ledger entries that make the timeline; the rest is in the ledger."""


def show(result: Result, console: Console) -> None:
    """Print the table by month and the timeline of decisions."""
    table = Table(title="noria, and January's model on the same flights", title_justify="left", box=None)
    table.add_column("month")
    for name in (
        "requests",
        "AUC",
        "January's",
        "log-loss",
        "January's ",
        "trainings",
        "promoted",
        "refused",
    ):
        table.add_column(name, justify="right")
    for month, count in result.months.items():
        table.add_row(f"{datetime(2013, month, 1):%B}", *_cells(count))
    table.add_section()
    table.add_row("all", *_cells(result.total), style="bold")
    console.print(table)
    console.print()
    for moment, kind, reason in timeline(result):
        console.print(f"[dim]{moment:%m-%d %H:%M}[/dim]  {kind:<12} {reason}", highlight=False)
    console.print()
    for sentence in checks(result):
        console.print(sentence, highlight=False)


def checks(result: Result) -> list[str]:
    """Return a sentence on each promise that was counted."""
    total, ledger = result.total, "verifies" if result.ledger_ok else "[red]does NOT verify[/red]"
    return [
        f"{total.requests:,} requests, {total.failed:,} failed",
        f"{total.acknowledged:,} predictions acknowledged, {total.logged:,} exactly once in the table",
        f"{total.labels:,} labels told, {total.joined:,} joined to exactly one prediction",
        f"{total.trainings} trainings, {total.promotions} promotions, {total.refusals} refusals, "
        f"{total.rollbacks} rollbacks; the ledger {ledger}",
        f"{result.wall_s:.0f} s of wall time",
    ]


def timeline(result: Result) -> list[tuple[datetime, str, str]]:
    """Return the decisions: when, what, and why."""
    told = (entry for entry in result.timeline if entry["kind"] in TOLD)
    return [
        (datetime.fromtimestamp(entry["at"], UTC), *_said(entry["kind"], entry["body"])) for entry in told
    ]


def write_page(result: Result, path: Path) -> None:
    """Write the report as one self-contained HTML page."""
    page = Environment(loader=PackageLoader("noria.demo", "."), autoescape=True).get_template(
        "page.html.jinja"
    )
    moments = [week for week, _, _ in result.weeks]
    marks = [(moment, kind) for moment, kind, _ in timeline(result) if kind in ("promoted", "refused")]
    pictures = [
        ("Log-loss by week: lower is better", picture(moments, _lines(result, "log_loss"), marks)),
        ("AUC by week: higher is better", picture(moments, _lines(result, "auc"), marks)),
    ]
    rows = [(f"{datetime(2013, month, 1):%B}", _cells(count)) for month, count in result.months.items()]
    html = page.render(
        pictures=pictures,
        rows=[*rows, ("All", _cells(result.total))],
        timeline=timeline(result),
        checks=checks(result),
    )
    path.write_text(html)


def _lines(result: Result, metric: str) -> Sequence[Line]:
    return [
        Line(name="noria", values=[getattr(served, metric) for _, served, _ in result.weeks]),
        Line(name="January's model", values=[getattr(static, metric) for _, _, static in result.weeks]),
    ]


def _cells(count: Count) -> tuple[str, ...]:
    return (
        f"{count.requests:,}", f"{count.auc:.3f}", f"{count.static.auc:.3f}", f"{count.log_loss:.4f}",
        f"{count.static.log_loss:.4f}", str(count.trainings), str(count.promotions), str(count.refusals),
    )  # fmt: skip


def _said(kind: str, body: dict[str, Any]) -> tuple[str, str]:
    """Return what an entry says: its kind, and its reason in a line."""
    if kind == "judged":
        verdicts = body["verdicts"]
        wrong = [verdict for verdict in verdicts if verdict["outcome"] != "passed"]
        chosen = wrong or [v for v in verdicts if v["gate"] == "better-than-champion"] or verdicts[:1]
        reasons = "; ".join(f"{verdict['gate']}: {verdict['reason']}" for verdict in chosen)
        return ("refused" if wrong else "passed"), reasons
    version = f"version {body['version']}: " if "version" in body else ""
    return kind, version + str(body.get("reason") or body.get("error", ""))
