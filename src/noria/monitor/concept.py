"""Concept drift: the loss of mature days, beyond what their scores let expect, has risen."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from noria.core.concept.cusum import BEFORE, cusum, threshold
from noria.core.concept.residual import residuals
from noria.monitor.cohort import by_day
from noria.monitor.day import Day
from noria.project.model import Alerts
from noria.rows import SignalRow

MONITOR = "concept"
SHARE = 0.1
"""The part of the budget of false alarms that this monitor may spend."""


def concept(day: Day) -> list[SignalRow]:
    """Return what the mature days of the version say, in standard deviations of a day; none of a few days."""
    matured = {each: row for each, row in by_day(day.matured, day.version).items() if row.scores}
    if len({len(row.scores[0]) for row in matured.values()}) != 1:
        return []
    beyond = residuals([np.array(row.scores) for row in matured.values()])
    known = {each: value for each, value in zip(matured, beyond, strict=True) if value is not None}
    if len(known) <= BEFORE:
        return []
    days, values = list(known), list(known.values())
    statistic, limit = cusum(values)[-1], threshold(run_length(day.project.alerts))
    return [
        day.signal(
            MONITOR,
            "",
            "alert" if statistic > limit else "notice" if statistic > limit / 2 else "ok",
            statistic,
            limit,
            _reason(day.project.loss.name, days, values, statistic, limit),
            through=days[-1],
            residual=values[-1],
        )
    ]


def run_length(alerts: Alerts) -> float:
    """Return after how many days without a change one false alarm is expected, by the budget."""
    rate = alerts.false_alarms
    return rate.period / timedelta(days=1) / (rate.count * SHARE)


def _reason(loss: str, days: list[str], values: list[float], statistic: float, limit: float) -> str:
    recent = values[-BEFORE:]
    now, usual = sum(recent) / len(recent), sum(values[:-BEFORE]) / (len(values) - BEFORE)
    risen = "has risen" if statistic > limit else "has not risen beyond chance"
    return (
        f"{loss} {risen}: on the {len(recent)} mature days to {days[-1]} it was {now - usual:+.4f} beyond "
        f"what the scores let expect and what is usual; CUSUM {statistic:.1f}, limit {limit:.1f}"
    )
