"""The flights of 2013 as days in service, to which all monitors are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from noria.core.profile.profile import Profile
from noria.core.profile.reference import Reference
from noria.demo.flights import FEATURES, flights
from noria.monitor.daily import MONITORS, PAST
from noria.monitor.day import Day
from noria.monitor.profiling import ALL, hourly
from noria.monitor.reference import counted, grid_of
from noria.project.model import Data, Project, Task
from noria.rows import SignalRow

PROJECT = Project(
    root=Path(),
    name="flight-delay",
    task=Task.BINARY,
    data=Data(source=(), label="late", features=FEATURES, label_delay=timedelta(days=1)),
    gates=(),
)


def by_day() -> dict[date, pl.DataFrame]:
    """Return the flights by the day (UTC) of their scheduled departure, in order."""
    rows = flights().with_columns(_time="scheduled_departure", _day=pl.col("scheduled_departure").dt.date())
    return {day: part for (day,), part in sorted(rows.partition_by("_day", as_dict=True).items())}


def learnt(rows: pl.DataFrame) -> Reference:
    """Return the reference of a version that learnt from these rows."""
    kinds = {name: "category" if rows[name].dtype == pl.String else "number" for name in FEATURES}
    return counted(rows, grid_of(rows, kinds))


def asked(
    day: date,
    rows: pl.DataFrame,
    seen: Profile,
    *,
    reference: Reference,
    before: Sequence[SignalRow],
    profiles: Mapping[date, Profile],
) -> list[SignalRow]:
    """Return what all monitors say of a day's rows, profiled as `seen`.

    `before` was said on earlier days, whose profiles are among `profiles`.
    """
    lived = Day(
        project=PROJECT,
        version=1,
        day=day,
        reference=reference,
        hours={},
        profile=seen,
        before=before,
        past={str(each): past for each, past in profiles.items() if timedelta(0) < day - each <= PAST},
        traffic=_traffic(rows),
    )
    return [row for monitor in MONITORS for row in monitor(lived)]


def _traffic(rows: pl.DataFrame) -> dict[str, Profile]:
    """Return the requests by hour, of all versions."""
    sent = rows.with_columns(
        at="_time",
        version=1,
        role=pl.lit("champion"),
        id="flight_id",
        entity="flight_id",
        output=0.5,
        latency=0.01,
    )
    found = hourly(sent, lambda _: None)
    return {hour: seen for (version, hour), seen in found.items() if version == ALL}
