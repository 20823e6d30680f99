"""Quality that is estimated before its labels are there, and held against the truth once they are.

An estimate is shown with its interval only while it has skill: while those of the last months were nearer to
the truth than "no change". It never decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, sqrt

import numpy as np

from noria.core.calibration import ROWS
from noria.core.estimate import cbpe, dle, pape
from noria.core.estimate.skill import DAYS as DAYS_HELD
from noria.core.estimate.skill import Held, Skill, skill
from noria.core.quality import METRICS, Array, Metric
from noria.core.quality.squared_error import RMSE
from noria.monitor.cohort import by_day
from noria.monitor.day import Day
from noria.monitor.profiling import OUTPUT
from noria.project.model import Project, Task
from noria.rows import CohortRow, SignalRow

MONITOR = "estimates"
DAYS = 7
"""Mature days of a version before anything is estimated from them."""
ROWS_AT_LEAST = 500
"""Labelled rows of them."""


def estimates(day: Day) -> list[SignalRow]:
    """Return an estimate of each metric by each way that fits the task; none of a multiclass task.

    The subject is "WAY of METRIC", the value the estimate, and the limit its distance to the end of its
    interval, which holds 95% of the days.
    """
    today = day.day.isoformat()  # without a delay it is mature itself, and needs no estimate
    matured = {
        each: row for each, row in by_day(day.matured, day.version).items() if row.scores and each < today
    }
    tables = {each: np.array(row.scores) for each, row in matured.items()}
    enough = sum(table[ROWS].sum() for table in tables.values()) >= ROWS_AT_LEAST
    if not day.profile.rows or OUTPUT not in day.reference.grid.columns or len(tables) < DAYS or not enough:
        return []
    counts = day.profile.counts[day.reference.grid.slices[OUTPUT]].astype(float)
    if any(table.shape[1] != len(counts) for table in tables.values()):
        return []
    weighed = _weighed(day, tables)
    return [
        row
        for metric in estimated(day.project)
        for way, scores in weighed.items()
        if isfinite(value := _estimate(way, metric, counts, scores))
        and (row := _signal(day, way, metric, value, matured))
    ]


def estimated(project: Project) -> tuple[Metric, ...]:
    """Return the metrics that are estimated: that of the rollouts, and, where there is one, the AUC."""
    other = (METRICS["auc"],) if project.task == Task.BINARY else ()
    return (project.loss, *other)


def held(day: Day, subject: str, metric: str) -> list[Held]:
    """Return the estimates of a subject whose truth is known by now, oldest first, of whatever version."""
    truths = {(row.day, row.version): row.metrics[metric] for row in day.matured if metric in row.metrics}
    return [
        Held(estimate=row.value, unchanged=row.numbers["unchanged"], truth=truths[row.day, row.version])
        for row in day.before
        if row.monitor == MONITOR and row.subject == subject and (row.day, row.version) in truths
    ]


def _weighed(day: Day, tables: Mapping[str, Array]) -> dict[str, Array]:
    """Return the sums that each way estimates from: those of the mature days, and these by their weight."""
    together = np.sum(list(tables.values()), axis=0)
    if day.project.task == Task.REGRESSION:
        return {"DLE": together}
    profiled = [each for each in tables if each in day.past]
    grid = day.reference.grid
    names = [name for name in day.project.data.features if name in grid.columns]
    if len(profiled) < DAYS or not names:
        return {"CBPE": together}
    *past, today = pape.mixes([*(day.past[each] for each in profiled), day.profile], grid, names)
    weights = pape.weights(np.array(past), today) * len(profiled)
    return {
        "CBPE": together,
        "PAPE": np.tensordot(weights, np.array([tables[each] for each in profiled]), 1),
    }


def _estimate(way: str, metric: Metric, counts: Array, scores: Array) -> float:
    if way != "DLE":
        return cbpe.estimate(metric, counts, scores)
    loss = dle.estimate(counts, scores)
    return sqrt(loss) if metric is RMSE else loss


def _signal(
    day: Day, way: str, metric: Metric, value: float, matured: Mapping[str, CohortRow]
) -> SignalRow | None:
    truths = [row.metrics[metric.name] for row in matured.values() if metric.name in row.metrics]
    if not truths:
        return None
    subject = f"{way} of {metric.name}"
    worth = skill(held(day, subject, metric.name))
    before = [row for row in day.before if row.monitor == MONITOR and row.subject == subject]
    switched = bool(before) and before[-1].numbers["shown"] and not worth.shown
    return day.signal(
        MONITOR,
        subject,
        "notice" if switched else "ok",
        value,
        worth.half,
        _reason(subject, worth, switched=switched),
        unchanged=sum(truths) / len(truths),
        loss=metric is day.project.loss,
        shown=worth.shown,
        skill=worth.share,
        days=worth.days,
        error=worth.error if isfinite(worth.error) else None,
    )


def _reason(subject: str, worth: Skill, *, switched: bool) -> str:
    if worth.days < DAYS_HELD:
        return f"{subject} was held against the truth on {worth.days} of {DAYS_HELD} days"
    error, unchanged = f"{worth.error:.4f}", f"{worth.unchanged:.4f}"
    found = f"on {worth.days} days {subject} was {error} from the truth, and no change {unchanged}"
    if worth.shown:
        return f"{found}: {worth.share:.0%} nearer"
    return f"{found}: {'switched off' if switched else 'not shown'}"
