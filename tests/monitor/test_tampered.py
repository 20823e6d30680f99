"""From requests to an alert, through every monitor: a source is tampered with, and the alert says how."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from noria.core.profile.grid import Grid, category_bins, number_bins
from noria.core.profile.reference import Reference
from noria.core.traffic import Arm, Plan
from noria.core.window import ArmCounts
from noria.monitor import reference
from noria.monitor.alerting import Alerting
from noria.monitor.daily import Daily
from noria.monitor.profiling import profile
from noria.monitor.references import References
from noria.project.model import Data, Project, Task
from noria.rows import AlertRow, Entry, VersionRow
from noria.testing import FixedClock, MemoryState

BEGIN, ONE = date(2013, 1, 1), timedelta(days=1)
LEARNT, QUIET = 40, 10
CARRIERS = {"AA": 0.4, "UA": 0.35, "DL": 0.25}


def flights(day: int) -> pl.DataFrame:
    """The flights of a day, which differ from day to day a little more than by chance."""
    dice = np.random.default_rng(day)
    shares = np.array(list(CARRIERS.values())) * dice.normal(1, 0.03, len(CARRIERS))
    return pl.DataFrame(
        {
            "carrier": dice.choice(list(CARRIERS), 800, p=shares / shares.sum()),
            "distance": dice.gamma(2, 500 * dice.normal(1, 0.03), 800),
        }
    )


def recoded(rows: pl.DataFrame) -> pl.DataFrame:
    third = pl.int_range(pl.len()) % 3 == 0
    return rows.with_columns(
        carrier=pl.when((pl.col("carrier") == "AA") & third).then(pl.lit("American")).otherwise("carrier")
    )


def in_kilometres(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("distance") * 1.609344)


def empty(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(distance=pl.lit(None, pl.Float64))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    data = Data(source=("*.csv",), label="late", features=("carrier", "distance"))
    return Project(root=tmp_path, name="m", task=Task.BINARY, data=data, gates=())


@pytest.fixture
def state(tmp_path: Path) -> MemoryState:
    """A version that learnt from forty days, and serves."""
    learnt = [flights(day) for day in range(LEARNT)]
    whole = pl.concat(learnt)
    grid = Grid(
        columns={
            "carrier": category_bins(dict.fromkeys(CARRIERS, 1)),
            "distance": number_bins(whole["distance"].to_numpy()),
        }
    )
    blocks = {str(BEGIN + day * ONE): profile(rows, grid) for day, rows in enumerate(learnt)}
    (tmp_path / "lineage").mkdir()
    reference.save(Reference(grid=grid, blocks=blocks), tmp_path / "lineage")
    state = MemoryState()
    at = datetime.combine(BEGIN, time(), UTC)
    state.save_version(
        VersionRow(
            model="m", version=1, run="r", artifact=str(tmp_path / "artifact"), digest="d", registered=at
        )
    )
    plan = Plan(model="m", number=1, salt="s", arms=(Arm(version=1, share=100),))
    before = state.model("m")
    promoted = Entry(at=at, actor="noria", kind="promoted", body={"version": 1})
    state.change(before, replace(before, champion=1, plan=plan), [promoted])
    return state


def alerts(project: Project, state: MemoryState, days: list[pl.DataFrame]) -> Iterator[list[AlertRow]]:
    """Yield the alerts after each day of traffic, as the collector makes them."""
    references = References(state, "m")
    daily = Daily(project, state, references)
    alerting = Alerting(project, state, FixedClock(datetime.combine(BEGIN, time(), UTC)), None)
    grid = references.grid(1)
    assert grid
    for number, rows in enumerate(days):
        day = BEGIN + (LEARNT + number) * ONE
        seen = profile(rows, grid)
        state.add_traffic("m", ("s", number + 1), {(1, 1): ArmCounts()}, {(1, f"{day}T09"): seen})
        now = datetime.combine(day + ONE, time(1), UTC)
        alerting.take(daily.check(now), now)
        assert (daily.faults, alerting.fault) == ({}, "")
        yield state.alerts("m")


@pytest.mark.parametrize(
    ("fault", "column", "cause"),
    [
        (recoded, "carrier", "a recoding upstream: carrier"),
        (in_kilometres, "distance", "another unit or scale upstream: the numbers of distance"),
        (empty, "distance", "a broken feed: distance came empty"),
    ],
)
def test_a_tampered_source_is_told_on_its_day_with_column_and_cause(
    project: Project,
    state: MemoryState,
    fault: Callable[[pl.DataFrame], pl.DataFrame],
    column: str,
    cause: str,
) -> None:
    quiet = [flights(LEARNT + day) for day in range(QUIET)]
    *calm, told = alerts(project, state, [*quiet, fault(flights(99))])
    assert calm == [[]] * QUIET
    (alert,) = (alert for alert in told if alert.about == "inputs")
    assert alert.columns == (column,)
    assert any(likely.startswith(cause) for likely in alert.causes)
    assert alert.next == f"noria drift --column {column}"
    assert column in alert.signals[0].reason
