"""What estimates of quality before labels are worth, and whether noria shows those that are worth something.

Three histories of flights: as they were; with their days in random order; and with other hours of the day on
each day, so that what comes in changes much from day to day, and what it means does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.evidence import Found
from benchmarks.scored import days, scored
from noria.core.estimate.skill import DAYS
from noria.core.maturity import last_mature_day
from noria.core.profile.grid import Grid
from noria.core.profile.profile import Profile
from noria.core.profile.reference import Reference
from noria.demo.flights import FEATURES
from noria.monitor.cohort import cohort
from noria.monitor.day import Day
from noria.monitor.estimates import estimates, held
from noria.monitor.profiling import OUTPUT, profile
from noria.monitor.reference import grid_of
from noria.project.model import Data, Project, Task
from noria.realised import realised
from noria.rows import CohortRow, SignalRow

LEARNT = 60
"""Days that the model learns from."""
LATE = timedelta(days=7)
"""The label delay."""
FIRST, ONE = date(2013, 3, 1), timedelta(days=1)
CATEGORIES = ("carrier", "origin", "dest")
PROJECT = Project(
    root=Path("/"),
    name="flights",
    task=Task.BINARY,
    data=Data(source=(), label="late", features=FEATURES, label_delay=LATE),
    gates=(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Scored flights by day, in the order that they come in."""

    name: str
    days: tuple[pl.DataFrame, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What a way to estimate was worth over a history; `error` and `unchanged` are mean distances."""

    history: str
    subject: str
    days: int
    error: float
    unchanged: float
    shown: float
    within: float

    @property
    def skill(self) -> float:
        return 1 - self.error / self.unchanged

    @property
    def cells(self) -> list[object]:
        distances = (f"{self.error:.4f}", f"{self.unchanged:.4f}")
        shares = (f"{share:.0%}" for share in (self.skill, self.shown, self.within))
        return [self.history, self.subject, self.days, *distances, *shares]


def measure(scratch: Path) -> Found:
    """Estimate each day of each history, and hold it against its truth a week later."""
    found = [way for history in _histories() for way in _ways(history)]
    return Found(
        title="Estimates of quality before labels",
        how=(
            f"A LightGBM model that learnt from {LEARNT} days of the flights of 2013 scores the others, and "
            "labels come a week late. Each day is estimated from those that are mature, and held against its "
            'truth later. The error is the mean distance from the truth of the day; that of "no change" is '
            "of the mean of the mature days. Skill is the share of it that is gone. Shown are the days on "
            "which noria believed the estimate, by its skill on 28 days before; intervals are to hold 95%."
        ),
        header=("history", "estimate", "days", "error", "no change", "skill", "shown", "within"),
        rows=[way.cells for way in found],
        target="What has no skill is shown on a tenth of its days at most, and intervals hold 90% to 99%",
        reached=all((way.skill > 0 or way.shown <= 0.1) and 0.9 <= way.within <= 0.99 for way in found),
    )


def _histories() -> Iterator[History]:
    known = days()
    chance = np.random.default_rng(1)
    later = scored(known[:LEARNT]).partition_by("_day", maintain_order=True)
    yield History(name="as it was", days=tuple(later))
    mixed = list(chance.permutation(np.array(known)))
    other = scored(mixed[:LEARNT]).partition_by("_day", maintain_order=True)
    shuffled = [other[place] for place in chance.permutation(len(other))]
    yield History(name="days in random order", days=tuple(shuffled))
    hours = [
        rows.filter((pl.col("hour") - 5).is_between(begin, begin + 4))
        for rows, begin in zip(shuffled, chance.integers(0, 13, len(shuffled)), strict=True)
    ]
    yield History(name="five hours of each day", days=tuple(hours))


def _ways(history: History) -> Iterator[Way]:
    said, last = _lived(history)
    for subject in dict.fromkeys(row.subject for row in said):
        judged = [row for row in said if row.subject == subject and row.numbers["days"] >= DAYS]
        past = held(last, subject, subject.split()[-1])
        errors = np.array([abs(each.estimate - each.truth) for each in past])
        limits = [row.limit for row in judged[: -LATE.days]]
        yield Way(
            history=history.name,
            subject=subject,
            days=len(past),
            error=errors.mean(),
            unchanged=float(np.mean([abs(each.unchanged - each.truth) for each in past])),
            shown=float(np.mean([row.numbers["shown"] for row in judged])),
            within=float(np.mean(errors[-len(limits) :] <= limits)),
        )


def _lived(history: History) -> tuple[list[SignalRow], Day]:
    """Return what is said of each day, and the last day, that knows all."""
    whole = pl.concat(history.days[:14])
    kinds = {name: "category" if name in CATEGORIES else "number" for name in FEATURES}
    scores = grid_of(whole.rename({"score": OUTPUT}), {OUTPUT: "number"})
    grid = Grid(columns={**grid_of(whole, kinds).columns, **scores.columns})
    profiles = [profile(rows.rename({"score": OUTPUT}), grid) for rows in history.days]
    cohorts = [_measured(number, rows, grid) for number, rows in enumerate(history.days)]
    said: list[SignalRow] = []
    past: dict[str, Profile] = {}
    for number, seen in enumerate(profiles):
        today = FIRST + number * ONE
        mature = last_mature_day(LATE, datetime(today.year, today.month, today.day, tzinfo=UTC) + ONE)
        day = Day(
            project=PROJECT,
            version=1,
            day=today,
            reference=Reference(grid=grid, blocks={}),
            hours={},
            profile=seen,
            before=tuple(said),
            past=past,
            matured=[row for row in cohorts if row.day <= mature.isoformat()],
        )
        said += estimates(day)
        past = {**past, today.isoformat(): seen}
    return said, day


def _measured(number: int, rows: pl.DataFrame, grid: Grid) -> CohortRow:
    """Return what the collector keeps of a day."""
    day = FIRST + number * ONE
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    truth, output = rows["late"].cast(pl.Float64).to_numpy(), rows["score"].to_numpy()
    quality = realised(
        PROJECT.name, PROJECT.task, day=day.isoformat(), version=1, role="champion",
        predictions=rows.height, truth=truth, output=output, loss=PROJECT.loss,
    )  # fmt: skip
    told = rows.select(output="score", label="late", at=pl.lit(at), label_at=pl.lit(at + LATE))
    return cohort(PROJECT, quality, told, truth, grid)
