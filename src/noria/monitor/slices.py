"""Slices and groups on mature days: where the model is worse than elsewhere, and where it is unfair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite

import numpy as np

from noria.core.fairness import COUNTS, ENOUGH, LOSS, ROWS, gap, loss, rates
from noria.core.interval import Interval
from noria.core.jackknife import jackknife
from noria.core.quality import Array
from noria.monitor.cohort import VALUES, by_day
from noria.monitor.day import Day
from noria.project.model import Project
from noria.rows import CohortRow, SignalRow

DAYS = 28
"""The newest mature days that are looked at together."""
ENOUGH_DAYS = 7
CHANCE = 0.01
"""How often a notice on a column may be wrong; of its slices, which are many, each has a part of that."""
UNFAIR = 0.1
"""A gap of rates is told if it is larger, beyond chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A value of a column on some days: its labelled rows, its mean loss, and that less the others'."""

    column: str
    value: str
    rows: int
    loss: Interval
    beyond: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The largest difference of a rate between two values of a column, on some days."""

    column: str
    rate: str
    gap: Interval
    by_value: dict[str, float]


def slices(day: Day) -> list[SignalRow]:
    """Return a notice for each slice whose loss is beyond that of all others, and more than chance."""
    recent = newest(day.matured, day.version)
    return [
        day.signal(
            "slices",
            f"{found.column}={found.value}",
            "notice",
            found.beyond.value,
            found.beyond.value - found.beyond.low,
            f"{day.project.loss.name} of {found.column} = {found.value} is {found.beyond.value:.4f} above "
            f"the others' ({found.beyond.low:.4f} to {found.beyond.high:.4f}, {found.rows} rows)",
            rows=found.rows,
        )
        for column in (day.project.monitor.slices if len(recent) >= ENOUGH_DAYS else ())
        for found in sliced(recent, column, 1 - CHANCE / VALUES)
        if found.beyond.low > 0
    ]


def fairness(day: Day) -> list[SignalRow]:
    """Return a notice for each gap of a rate that is large, and more than chance."""
    recent = newest(day.matured, day.version)
    return [
        day.signal(
            "fairness",
            f"{found.rate} by {found.column}",
            "notice",
            found.gap.value,
            UNFAIR,
            f"{found.rate} differs by {found.gap.value:.3f} ({found.gap.low:.3f} to {found.gap.high:.3f}) "
            f"between values of {found.column}: {_said(found.by_value)}",
            by_value=found.by_value,
        )
        for found in (gaps(day.project, recent, 1 - CHANCE) if len(recent) >= ENOUGH_DAYS else ())
        if found.rate != "loss" and found.gap.low > UNFAIR
    ]


def newest(matured: Sequence[CohortRow], version: int) -> list[CohortRow]:
    """Return the newest mature days of a version, the oldest first."""
    return list(by_day(matured, version).values())[-DAYS:]


def sliced(days: Sequence[CohortRow], column: str, confidence: float = 0.95) -> list[Slice]:
    """Return the slices of a column that have enough rows, the one with the highest loss first."""
    values, counts = _counts(days, column)
    found = [
        Slice(
            column=column,
            value=value,
            rows=rows,
            loss=jackknife(counts, partial(_loss, place=place), confidence),
            beyond=jackknife(counts, partial(_beyond, place=place), confidence),
        )
        for place, value in enumerate(values)
        if (rows := int(counts[:, place, ROWS].sum())) >= ENOUGH
    ]
    return sorted(found, key=lambda one: -one.loss.value)


def gaps(project: Project, days: Sequence[CohortRow], confidence: float = 0.95) -> list[Gap]:
    """Return the gaps of each sensitive column, where two of its values have enough rows."""
    found = []
    for column in project.monitor.sensitive:
        values, counts = _counts(days, column)
        enough = counts[:, :, ROWS].sum(axis=0) >= ENOUGH
        for name, rate in rates(project.task).items():
            interval = jackknife(counts, partial(gap, rate=rate), confidence)
            by_value = dict(zip(values, rate(counts.sum(axis=0)).tolist(), strict=True))
            kept = {value: by_value[value] for value, there in zip(values, enough, strict=True) if there}
            if isfinite(interval.value):
                found.append(Gap(column=column, rate=name, gap=interval, by_value=kept))
    return found


def _counts(days: Sequence[CohortRow], column: str) -> tuple[list[str], Array]:
    """Return the values of a column, and their counts by day; shape (days, values, 7)."""
    each = [row.segments.get(column, {}) for row in days]
    values = sorted({value for day in each for value in day})
    nothing = (0.0,) * len(COUNTS)
    counts = [[day.get(value, nothing) for value in values] for day in each]
    return values, np.array(counts, float).reshape(len(each), len(values), len(COUNTS))


def _loss(groups: Array, place: int) -> float:
    return float(loss(groups[[place]])[0])


def _beyond(groups: Array, place: int) -> float:
    """Return by how much the mean loss of a value is above that of all other values."""
    others = groups.sum(axis=0) - groups[place]
    return _loss(groups, place) - (others[LOSS] / others[ROWS] if others[ROWS] else float("nan"))


def _said(by_value: dict[str, float]) -> str:
    return ", ".join(
        f"{value} {rate:.3f}" for value, rate in sorted(by_value.items(), key=lambda item: item[1])
    )
