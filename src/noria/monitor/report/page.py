"""The report of a model as one self-contained HTML page, without a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import nan
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from noria.chart.bars import bars
from noria.chart.heat_map import Cell, heat_map
from noria.chart.series import Line, Mark, series
from noria.core.profile.profile import empty
from noria.core.profile.reference import Reference
from noria.core.quality import METRICS
from noria.monitor.alarms import alarms
from noria.monitor.alerts import ALERT, OK
from noria.monitor.references import References
from noria.monitor.report.course import Days, course, days, told
from noria.monitor.report.distribution import distribution
from noria.monitor.weight import far, order
from noria.ports import State
from noria.project.model import Project
from noria.rows import AlertRow, QualityRow, SignalRow

DAYS = 91
"""Days that are shown: a quarter of a year."""
DRAWN = 6
"""Columns whose distributions are drawn: the heaviest, see `noria.monitor.weight`."""
SIZED = ("drift", "score")
"""The monitors whose values are distances, by feature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the newest day: what was `said` of it, what it held, its distribution and its course."""

    said: SignalRow
    told: str
    distribution: Markup
    course: Markup | str


def page(project: Project, state: State) -> str:
    """Return the report of the last quarter that was checked."""
    templates = Environment(loader=PackageLoader("noria.monitor.report", "."), autoescape=True)
    return templates.get_template("page.html.jinja").render(contents(project, state))


def contents(project: Project, state: State) -> dict[str, Any]:
    """Return what the page shows, by the names of its template."""
    said = state.signals(project.name)
    newest = said[-1].day if said else ""
    since = str(_day(newest).date() - timedelta(days=DAYS)) if said else ""
    sized = [row for row in said if row.day > since and row.monitor in SIZED]
    shown = [row for row in sized if row.subject]  # without one it says that nothing was judged
    alerts = state.alerts(project.name)
    return {
        "project": project,
        "champion": state.model(project.name).champion,
        "newest": newest,
        "heat": _heat(shown) if shown else "",
        "columns": _distributions(project, state, [row for row in shown if row.day == newest]),
        "others": [row for row in said if row.day == newest and row.level != OK and row.monitor not in SIZED],
        "quality": _quality(project, state.quality(project.name), alerts),
        "alerts": alerts,
        "alarms": alarms(project, state),
    }


def _heat(said: Sequence[SignalRow]) -> Markup:
    """Return the heat map, what has gone furthest on top; the newest version of each day is shown."""
    cells: dict[str, dict[datetime, Cell]] = {}
    for row in said:
        why = row.reason if row.level != OK else f"{row.value:.3f}, usually up to {row.limit:.3f}"
        cells.setdefault(row.subject, {})[_day(row.day)] = Cell(
            share=far(row), text=f"{row.subject}, {row.day}: {why}", marked=row.level == ALERT
        )
    rows = dict(sorted(cells.items(), key=lambda item: -max(cell.share for cell in item[1].values())))
    return heat_map("Drift by feature and day", sorted({_day(row.day) for row in said}), rows)


def _distributions(project: Project, state: State, today: Sequence[SignalRow]) -> list[Column]:
    """Return a day's columns with their pictures, the heaviest first."""
    references = References(state, project.name)
    lived: dict[int, Days] = {}
    found = []
    for row in sorted(today, key=order, reverse=True)[:DRAWN]:
        reference = references.of(row.version)
        if reference is None or row.subject not in reference.grid.columns:
            continue
        if row.version not in lived:
            until = _day(row.day)
            lived[row.version] = days(state, project.name, row.version, reference.grid, until, DAYS)
        found.append(_column(row, reference, lived[row.version]))
    return found


def _column(row: SignalRow, reference: Reference, lived: Days) -> Column:
    grid, column = reference.grid, row.subject
    seen = lived.get(_day(row.day), empty(grid))
    pairs = distribution(reference, seen, column)
    names, before, now = zip(*((bar.name, bar.before, bar.now) for bar in pairs), strict=True)
    return Column(
        said=row,
        told=told(seen, grid, column),
        distribution=bars(f"{column}: shares before and now", names, before, now),
        course=course(lived, grid, column),
    )


def _quality(project: Project, rows: Sequence[QualityRow], alerts: Sequence[AlertRow]) -> Markup | str:
    """Return the champion's quality by day, with a mark at each alert that told somebody."""
    metric = project.loss.name
    days = {_day(row.day): row.metrics.get(metric, nan) for row in rows if row.role == "champion"}
    if len(days) < 2:
        return ""
    better = "lower" if METRICS[metric].lower_is_better else "higher"
    marks = [
        Mark(at=alert.opened, style=alert.severity, text=alert.title)
        for alert in alerts
        if min(days) <= alert.opened <= max(days)
    ]
    line = Line(name=metric, style="line-1", values=list(days.values()))
    return series(f"{metric} by day: {better} is better", list(days), [line], marks=marks)


def _day(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)
