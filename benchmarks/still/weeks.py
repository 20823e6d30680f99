"""The flights of 2013 with their weeks in random order: what differs from week to week is no drift."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import polars as pl

from noria.core.profile.profile import Profile
from noria.core.profile.reference import Reference
from noria.demo.flights import FEATURES, flights
from noria.monitor.day import Day
from noria.monitor.profiling import profile
from noria.monitor.reference import grid_of
from noria.project.model import Data, Project, Task

LEARNT = 26
"""Weeks that the reference has; those after it are watched."""
FIRST, WEEKS = date(2013, 1, 7), 51
"""The first Monday, and the whole weeks from there."""
CATEGORIES = ("carrier", "origin", "dest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuffled:
    """A random order of the weeks: the rows of the reference, and those of each week after it, by day."""

    reference: pl.DataFrame
    watched: list[list[pl.DataFrame]]

    def days(self) -> Iterator[list[Day]]:
        """Yield the days of each watched week, as a monitor gets them."""
        grid = grid_of(self.reference, {name: kind(name) for name in FEATURES})
        blocks = {
            str(day): rows for (day,), rows in self.reference.partition_by("_day", as_dict=True).items()
        }
        reference = Reference(grid=grid, blocks={day: profile(rows, grid) for day, rows in blocks.items()})
        for number, week in enumerate(self.watched):
            begin = FIRST + timedelta(weeks=LEARNT + number)
            yield [
                day_of(reference, profile(rows, grid), begin + timedelta(days=weekday))
                for weekday, rows in enumerate(week)
            ]


def shuffled(seed: int) -> Shuffled:
    """Return the weeks in the order of a seed, dated anew from the first one on."""
    weeks = random.Random(seed).sample(_weeks(), WEEKS)
    dated = [
        rows.with_columns(_day=pl.lit(FIRST + timedelta(weeks=number, days=weekday)))
        for number, week in enumerate(weeks[:LEARNT])
        for weekday, rows in enumerate(week)
    ]
    return Shuffled(reference=pl.concat(dated), watched=weeks[LEARNT:])


def kind(name: str) -> str:
    return "category" if name in CATEGORIES else "number"


def day_of(reference: Reference, found: Profile, day: date) -> Day:
    """Return a day of a project that declares nothing: one false alarm a month is the budget."""
    data = Data(source=("d",), label="y", features=FEATURES)
    project = Project(root=Path(), name="m", task=Task.BINARY, data=data, gates=())
    return Day(project=project, version=1, day=day, reference=reference, hours={}, profile=found, before=())


@cache
def _weeks() -> list[list[pl.DataFrame]]:
    """Return the flights of each day (UTC) of each whole week."""
    day = pl.col("scheduled_departure").dt.date()
    parts = flights().select(*FEATURES, _day=day).partition_by("_day", as_dict=True)
    dates = [FIRST + timedelta(days=number) for number in range(7 * WEEKS)]
    days = [parts[(each,)] for each in dates]
    return [days[number : number + 7] for number in range(0, len(days), 7)]
