"""The pictures of a card: quality by day, calibration, slices, importance, distributions, lineage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import nan

from markupsafe import Markup

from noria.card.diagram import diagram
from noria.card.record import Record
from noria.chart.bars import bars
from noria.chart.series import Line, Mark, series
from noria.explain.importance import picture
from noria.monitor.report.distribution import distribution

DRAWN = 6
"""Columns whose distributions are drawn: those that move the answers most."""
SLICES = 10
"""Slices that are drawn: those with the highest loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture below its title; `key` names the two colours, where it has two."""

    title: str
    picture: Markup
    key: tuple[str, str] | None = None


def pictures(record: Record) -> dict[str, list[Figure]]:
    """Return the pictures by the title of the section that they belong to; none of what is not recorded."""
    return {
        "Factors": list(_importance(record)),
        "Training data": list(_distributions(record)),
        "Quantitative analyses: in service": [
            *_quality(record),
            *_calibration(record),
            *_slices(record),
        ],
        "Lineage": [Figure(title="From data and code to the answers", picture=diagram(record))],
    }


def _importance(record: Record) -> Iterator[Figure]:
    if record.learnt and record.learnt.importance:
        title = "What moves its answers, as shares"
        yield Figure(title=title, picture=picture(title, record.learnt.importance))


def _distributions(record: Record) -> Iterator[Figure]:
    learnt = record.learnt
    if learnt is None:
        return
    columns = sorted(learnt.importance, key=lambda name: -learnt.importance[name])[:DRAWN]
    for column in columns:
        found = distribution(learnt, learnt.whole, column)
        title = f"{column}: shares of the rows that it learnt from"
        yield Figure(
            title=title, picture=bars(title, [bar.name for bar in found], [bar.now for bar in found])
        )


def _quality(record: Record) -> Iterator[Figure]:
    metric, found = record.project.loss.name, record.service
    daily = found.daily.get(metric, ()) if found else ()
    if found is None or len(found.days) < 2:
        return
    days = [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in found.days]
    marks = [
        Mark(at=alert.opened, style=alert.severity, text=alert.title)
        for alert in record.alerts
        if days[0] <= alert.opened <= days[-1]
    ]
    line = Line(name=metric, style="line-1", values=[nan if value is None else value for value in daily])
    title = f"{metric} by day in service; a dashed line is an alert"
    yield Figure(title=title, picture=series(title, days, [line], marks=marks))


def _calibration(record: Record) -> Iterator[Figure]:
    if record.calibration is None or record.spec["task"] == "regression":
        return
    groups = record.calibration.groups
    names = [f"{group.output:.1%}" for group in groups]
    title = "Calibration: what it said, and what came true, from the lowest to the highest answers"
    said, came = [group.output for group in groups], [group.truth for group in groups]
    yield Figure(title=title, picture=bars(title, names, said, came), key=("said", "came true"))


def _slices(record: Record) -> Iterator[Figure]:
    shown = record.slices[:SLICES]
    if shown:
        title = f"{record.project.loss.name} by slice"
        names = [f"{one.column} = {one.value}" for one in shown]
        yield Figure(title=title, picture=bars(title, names, [one.loss.value for one in shown], unit=".4f"))
