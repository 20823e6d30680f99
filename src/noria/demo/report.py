"""The demo's end: a table by month and a timeline on the terminal, the same as a page with a picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader
from rich.console import Console
from rich.table import Table

from noria.chart.series import Line, Mark, series
from noria.demo.result import Count, Result
from noria.timeline import timeline


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
    for moment, kind, reason in timeline(result.timeline):
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


def write_page(result: Result, path: Path) -> None:
    """Write the report as one self-contained HTML page."""
    page = Environment(loader=PackageLoader("noria.demo", "."), autoescape=True).get_template(
        "page.html.jinja"
    )
    moments = [week for week, _, _ in result.weeks]
    decided = timeline(result.timeline)
    marks = [
        Mark(at=moment, style=kind, text=f"{moment:%d %B}: {kind}")
        for moment, kind, _ in decided
        if kind in ("promoted", "refused")
    ]
    titles = {"log_loss": "Log-loss by week: lower is better", "auc": "AUC by week: higher is better"}
    pictures = [
        (title, series(title, moments, _lines(result, metric), marks=marks))
        for metric, title in titles.items()
    ]
    rows = [(f"{datetime(2013, month, 1):%B}", _cells(count)) for month, count in result.months.items()]
    html = page.render(
        pictures=pictures,
        rows=[*rows, ("All", _cells(result.total))],
        timeline=decided,
        checks=checks(result),
    )
    path.write_text(html)


def _lines(result: Result, metric: str) -> Sequence[Line]:
    return [
        Line(name="noria", style="line-0", values=[getattr(served, metric) for _, served, _ in result.weeks]),
        Line(
            name="January's model",
            style="line-1",
            values=[getattr(static, metric) for _, _, static in result.weeks],
        ),
    ]


def _cells(count: Count) -> tuple[str, ...]:
    return (
        f"{count.requests:,}", f"{count.auc:.3f}", f"{count.static.auc:.3f}", f"{count.log_loss:.4f}",
        f"{count.static.log_loss:.4f}", str(count.trainings), str(count.promotions), str(count.refusals),
    )  # fmt: skip
