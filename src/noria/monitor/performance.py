"""What is known of a model's quality: by version, slice and group; estimated; and how mature it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from noria.core.calibration import Group, calibration_error, reliability
from noria.core.compare import Block, pooled
from noria.core.interval import Interval
from noria.core.jackknife import jackknife
from noria.core.maturity import Cohort, Curve, last_mature_day, learnt
from noria.core.phrases import length
from noria.monitor.cohort import by_day
from noria.monitor.slices import Gap, Slice, gaps, newest, sliced
from noria.ports import State
from noria.project.model import Project
from noria.rows import CohortRow, SignalRow

REMEMBERED = timedelta(days=90)
ONE = timedelta(days=1)
ALMOST_ALL = 0.99
"""The share of the labels that the declared delay has to let in, or it is called too short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version on its mature days: their metrics, and the mean of each with an interval from the days."""

    version: int
    role: str
    predictions: int
    rows: int
    days: tuple[str, ...]
    daily: dict[str, tuple[float | None, ...]]
    metrics: dict[str, Interval]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The expected calibration error of a version's newest mature days, and the table that it comes from."""

    error: Interval
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity:
    """How long labels are declared to take, in which time half and 99% of them came, and a warning or "".

    `labelled` is the share of the predictions that ever get a label; `waiting` has the days that are not
    mature, each with the share of its labels that is in by now.
    """

    declared: timedelta
    half: timedelta
    almost_all: timedelta
    labelled: float
    waiting: dict[str, float]
    warning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """All of it. `calibration`, `slices` and `gaps` are those of the `champion`; newest versions come first.

    `estimates` are the newest of each way and metric, `concept` the last word on concept drift.
    """

    model: str
    loss: str
    champion: int | None
    versions: tuple[Version, ...]
    calibration: Calibration | None
    slices: tuple[Slice, ...]
    gaps: tuple[Gap, ...]
    estimates: tuple[SignalRow, ...]
    concept: SignalRow | None
    maturity: Maturity | None


def performance(project: Project, state: State, now: datetime) -> Performance:
    """Return what is known of the last three months."""
    since = (now - REMEMBERED).date().isoformat()
    cohorts = state.cohorts(project.name, since)
    champion = state.model(project.name).champion
    signals = [row for row in state.signals(project.name, since) if row.version == champion]
    recent = newest(cohorts, champion) if champion else []
    said = {row.subject: row for row in signals if row.monitor == "estimates"}
    concept = [row for row in signals if row.monitor == "concept"]
    return Performance(
        model=project.name,
        loss=project.loss.name,
        champion=champion,
        versions=tuple(by_version(cohorts)),
        calibration=calibrated(recent),
        slices=tuple(one for column in project.monitor.slices for one in sliced(recent, column)),
        gaps=tuple(gaps(project, recent)),
        estimates=tuple(said.values()),
        concept=concept[-1] if concept else None,
        maturity=_maturity(project.data.label_delay, cohorts, now),
    )


def by_version(cohorts: Sequence[CohortRow]) -> list[Version]:
    """Return each version on its mature days, the newest first."""
    found = []
    for version in sorted({row.version for row in cohorts}, reverse=True):
        days = by_day(cohorts, version)
        names = dict.fromkeys(name for row in days.values() for name in row.metrics)
        found.append(
            Version(
                version=version,
                role=list(days.values())[-1].role,
                predictions=sum(row.predictions for row in days.values()),
                rows=sum(sum(row.delays) for row in days.values()),
                days=tuple(days),
                daily={name: tuple(row.metrics.get(name) for row in days.values()) for name in names},
                metrics={name: _mean(name, days.values()) for name in names},
            )
        )
    return found


def _mean(name: str, days: Iterable[CohortRow]) -> Interval:
    """Return a metric's mean over days, each weighed by its labels, with an interval from the days."""
    blocks = [
        Block(block=date.fromisoformat(row.day).toordinal(), rows=sum(row.delays), gain=row.metrics[name])
        for row in days
        if name in row.metrics
    ]
    found = pooled(name, blocks)
    return Interval(value=found.gain, low=found.low, high=found.high)


def calibrated(days: Sequence[CohortRow]) -> Calibration | None:
    """Return how well a version is calibrated on these days; None without labelled outputs."""
    scored = [row.scores for row in days if row.scores]
    if not scored or len({len(scores[0]) for scores in scored}) != 1:
        return None
    scores = np.array(scored)
    groups = reliability(scores.sum(axis=0))
    return Calibration(error=jackknife(scores, calibration_error), groups=groups) if groups else None


def _maturity(declared: timedelta, cohorts: Sequence[CohortRow], now: datetime) -> Maturity | None:
    """Return what the labels of the mature days say of the delay; None before there are any."""
    curve = learnt([_aged(row, now) for row in cohorts])
    if curve is None:
        return None
    almost_all = curve.delay(ALMOST_ALL)
    share = curve.share(declared)
    warning = ""
    if share < ALMOST_ALL:
        warning = (
            f"only {share:.0%} of the labels come within data.label_delay, {length(declared)}: 99% take "
            f"{length(almost_all)}. Days are measured too early, on the labels that are quick"
        )
    return Maturity(
        declared=declared,
        half=curve.delay(0.5),
        almost_all=almost_all,
        labelled=curve.labelled,
        waiting=_waiting(curve, declared, now),
        warning=warning,
    )


def _aged(row: CohortRow, now: datetime) -> Cohort:
    """Return a cohort of the age that its last prediction had when it can last have been measured."""
    end = datetime.combine(date.fromisoformat(row.day) + ONE, time(), UTC)
    return Cohort(age=now - end - ONE, predictions=row.predictions, delays=row.delays)


def _waiting(curve: Curve, declared: timedelta, now: datetime) -> dict[str, float]:
    first = last_mature_day(declared, now) + ONE
    days = (now.astimezone(UTC).date() - first).days + 1
    noons = [datetime.combine(first + place * ONE, time(12), UTC) for place in range(min(days, 60))]
    return {noon.date().isoformat(): curve.share(now - noon) for noon in noons}
