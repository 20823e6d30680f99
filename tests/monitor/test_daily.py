from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sqlalchemy import create_engine, text

from noria.adapters.state import SqlState
from noria.core.profile.profile import Profile
from noria.core.traffic import Arm, Plan
from noria.core.window import ArmCounts
from noria.monitor import daily, reference
from noria.monitor.daily import Daily
from noria.monitor.day import Day
from noria.monitor.profiling import ALL, TRAFFIC, profile
from noria.monitor.references import References
from noria.project.model import Data, Project, Task
from noria.rows import Entry, SignalRow, VersionRow

BEGIN = date(2013, 1, 1)
LIVE = BEGIN + timedelta(days=30)
KINDS = {"x": "number", "c": "category"}
ARM = {(1, 1): ArmCounts(requests=100)}


def rows(day: date) -> pl.DataFrame:
    dice = np.random.default_rng(day.toordinal())
    return pl.DataFrame({"x": dice.normal(size=100), "c": dice.choice(["a", "b"], 100)})


@pytest.fixture
def project(tmp_path: Path) -> Project:
    data = Data(source=(), label="y", features=tuple(KINDS), label_delay=timedelta(days=1))
    return Project(root=tmp_path, name="m", task=Task.BINARY, data=data, gates=())


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SqlState]:
    """Version 1, which learnt from January, is the champion."""
    state = SqlState(f"sqlite:///{tmp_path}/state.db")
    at = datetime(2013, 1, 31, tzinfo=UTC)
    artifact = tmp_path / "version" / "model"
    state.save_version(
        VersionRow(model="m", version=1, run="r", artifact=str(artifact), digest="", registered=at)
    )
    row = state.model("m")
    plan = Plan(model="m", number=1, salt="s", arms=(Arm(version=1, share=100),))
    state.change(
        row, replace(row, champion=1, plan=plan), [Entry(at=at, actor="ann", kind="promoted", body={})]
    )
    learnt = [rows(day).with_columns(_time=pl.lit(day)) for day in map(_day, range(-30, 0))]
    table = pl.concat(learnt)
    (tmp_path / "version" / "lineage").mkdir(parents=True)
    reference.save(
        reference.counted(table, reference.grid_of(table, KINDS)), tmp_path / "version" / "lineage"
    )
    yield state
    state.close()


def _day(number: int) -> date:
    return LIVE + timedelta(days=number)


def serve(state: SqlState, project: Project, day: date, found: pl.DataFrame | None = None) -> None:
    """Let version 1 answer for a day, an hour of which has all rows."""
    grid = References(state, "m").grid(1)
    assert grid is not None
    seen = rows(day) if found is None else found
    latencies = seen.select(**{"@latency": pl.lit(0.01)})
    hour = f"{day}T12"
    profiles: dict[tuple[int, str], Profile] = {
        (1, hour): profile(seen, grid),
        (ALL, hour): profile(latencies, TRAFFIC),
    }
    state.add_traffic("m", (f"0-{day.toordinal()}-0.seg", 1), ARM, profiles)


def watch(project: Project, state: SqlState, after: date) -> tuple[Daily, list[SignalRow]]:
    """Start a collector's watch, and let it look on the morning after a day."""
    watching = Daily(project, state, References(state, "m"))
    return watching, watching.check(_morning(after))


def _morning(after: date) -> datetime:
    return datetime(after.year, after.month, after.day, 3, tzinfo=UTC) + timedelta(days=1)


def test_each_day_is_checked_once(project: Project, state: SqlState) -> None:
    serve(state, project, _day(0))
    watching, said = watch(project, state, _day(0))
    assert {row.day for row in said} == {str(_day(0))}
    assert {row.subject for row in said if row.monitor == "data_quality"} == set(KINDS)
    assert watching.check(_morning(_day(0))) == []
    assert len(state.signals("m")) == len(said)


def test_days_without_a_collector_are_checked_later(project: Project, state: SqlState) -> None:
    serve(state, project, _day(0))
    watch(project, state, _day(0))
    for number in (1, 2):
        serve(state, project, _day(number))
    _, said = watch(project, state, _day(2))
    assert sorted({row.day for row in said}) == [str(_day(1)), str(_day(2))]


def test_a_day_without_traffic_is_told(project: Project, state: SqlState) -> None:
    for number in range(20):
        serve(state, project, _day(number))
        watching, _ = watch(project, state, _day(number))
    said = watching.check(_morning(_day(20)))
    assert [(row.monitor, row.reason[:21]) for row in said if row.level == "alert"] == [
        ("volume", "no predictions at all")
    ]


def test_a_column_that_vanishes_is_told(project: Project, state: SqlState) -> None:
    serve(state, project, _day(0), rows(_day(0)).drop("x"))
    _, said = watch(project, state, _day(0))
    alerts = [row.subject for row in said if (row.monitor, row.level) == ("data_quality", "alert")]
    assert alerts == ["x"]


def test_values_of_another_schema_are_told(project: Project, state: SqlState) -> None:
    other = pl.DataFrame({"x": ["1.5 m"] * 100, "c": [1.0, 2.0] * 50})
    serve(state, project, _day(0), other)
    _, said = watch(project, state, _day(0))
    found = {row.subject: row.reason for row in said if (row.monitor, row.level) == ("data_quality", "alert")}
    assert found["x"].startswith("x is of another type in 100.0% of 100 rows")
    assert "'1.0' (50), '2.0' (50)" in found["c"]


@pytest.mark.parametrize("version", [1, ALL])
def test_a_profile_from_a_later_release_is_told_and_stops_nothing(
    project: Project, state: SqlState, tmp_path: Path, version: int
) -> None:
    serve(state, project, _day(0))
    engine = create_engine(f"sqlite:///{tmp_path}/state.db")
    with engine.begin() as connection:
        where = f"where version = {version}"
        body = connection.scalar(text(f"select body from profiles {where}"))
        later = body.replace(b"\xa6format\x01", b"\xa6format\x02")
        connection.execute(text(f"update profiles set body = :body {where}"), {"body": later})
    engine.dispose()
    watching, said = watch(project, state, _day(0))
    assert "this release of noria reads format 1" in watching.faults[version]
    assert any(row.monitor == "data_quality" for row in said) == (version == ALL)
    serve(state, project, _day(1))
    assert watching.check(_morning(_day(1)))


def test_a_profile_on_another_grid_is_told(project: Project, state: SqlState) -> None:
    state.add_traffic("m", ("0-1-0.seg", 1), ARM, {(1, f"{_day(0)}T12"): profile(rows(_day(0)), TRAFFIC)})
    watching, _ = watch(project, state, _day(0))
    assert "cannot be added" in watching.faults[1]


@pytest.mark.parametrize("broken", [None, b"\x00garbage"])
def test_a_version_without_a_reference_is_told(
    project: Project, state: SqlState, tmp_path: Path, broken: bytes | None
) -> None:
    file = tmp_path / "version" / "lineage" / "reference.msgpack"
    file.unlink()
    if broken:
        file.write_bytes(broken)
    references = References(state, "m")
    assert Daily(project, state, references).check(_morning(_day(0))) == []
    assert ("damaged" if broken else "No such file") in references.faults[1]


def test_a_monitor_that_fails_is_told_and_stops_no_other(
    project: Project, state: SqlState, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(day: Day) -> list[SignalRow]:
        raise ZeroDivisionError("no rows")

    def works(day: Day) -> list[SignalRow]:
        return [day.signal("works", "", "ok", 0.0, 1.0, "fine")]

    monkeypatch.setattr(daily, "MONITORS", (fails, works))
    serve(state, project, _day(0))
    watching, said = watch(project, state, _day(0))
    assert [row.monitor for row in said] == ["works"]
    assert watching.faults[1].endswith("no rows")
