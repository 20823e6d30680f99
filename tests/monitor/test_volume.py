from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from noria.core.profile.grid import Grid
from noria.core.profile.profile import EACH, Profile, empty
from noria.core.profile.reference import Reference
from noria.core.profile.sketches import Part, Sketches, different
from noria.monitor.day import Day
from noria.monitor.profiling import TRAFFIC, profile
from noria.monitor.volume import FEWEST, volume
from noria.project.model import Data, Project, Task
from noria.rows import SignalRow

BEGIN = date(2013, 1, 7)  # a Monday
GRID = Grid(columns={})
PROJECT = Project(
    root=Path(), name="m", task=Task.BINARY, data=Data(source=(), label="y", features=()), gates=()
)


def answered(rows: int, hour: int, again: float) -> Profile:
    """An hour's rows, of which a share repeats others."""
    seen = profile(pl.DataFrame({"@latency": [0.01] * rows}, schema={"@latency": pl.Float64}), TRAFFIC)
    asked = np.random.default_rng(hour).integers(-(2**63), 2**63, round(rows * (1 - again)))
    return replace(seen, sketches=Sketches((Part(different={EACH: different(asked.tolist())}),)))


def ask(
    day: date, hours: Sequence[int], before: Sequence[SignalRow], version: int = 1, again: float = 0
) -> list[SignalRow]:
    return volume(
        Day(
            project=PROJECT, version=version, day=day, reference=Reference(grid=GRID, blocks={}), hours={},
            profile=empty(GRID), before=before,
            traffic={f"{day}T{hour:02}": answered(rows, hour, again) for hour, rows in enumerate(hours)},
        )
    )  # fmt: skip


def lived(days: int, rows: Callable[[date], float], seed: int = 1) -> list[SignalRow]:
    """What was said of so many days; at night nobody asks."""
    dice = np.random.default_rng(seed)
    said: list[SignalRow] = []
    for day in (BEGIN + timedelta(days=number) for number in range(days)):
        said += ask(day, [0] * 6 + [int(dice.poisson(rows(day) / 18)) for _ in range(18)], said)
    return said


def level(_: date) -> float:
    return 3600


def week(day: date) -> float:
    return 600 if day.weekday() >= 5 else 3600


@pytest.mark.parametrize("rows", [level, week])
def test_traffic_as_usual_raises_nothing(rows: Callable[[date], float]) -> None:
    assert [row.reason for row in lived(90, rows) if row.level == "alert"] == []


@pytest.mark.parametrize("factor", [2, 0.4])
def test_twice_or_less_than_half_the_volume_is_found_at_once(factor: float) -> None:
    before = lived(40, level)
    found = ask(BEGIN + timedelta(days=40), [0] * 6 + [int(200 * factor)] * 18, before)[0]
    assert found.level == "alert"
    assert f"{factor:.2g} times as many as usual" in found.reason


def test_a_weekend_is_held_against_weekends() -> None:
    before = lived(40, week)  # the next day is a Saturday
    saturday = BEGIN + timedelta(days=40)
    assert ask(saturday, [0] * 6 + [33] * 18, before)[0].level == "ok"
    assert ask(saturday, [0] * 6 + [200] * 18, before)[0].level == "alert"


def test_a_new_level_is_usual_after_a_week() -> None:
    change = BEGIN + timedelta(days=30)
    said = lived(60, lambda day: 7200 if day >= change else 3600)
    assert [row.level for row in said[30:34]] == ["alert"] * 4
    assert {row.level for row in said[38:]} == {"ok"}


def test_a_day_without_predictions_is_told() -> None:
    found = ask(BEGIN + timedelta(days=40), [0] * 24, lived(40, level))[0]
    assert (found.level, found.reason[:21]) == ("alert", "no predictions at all")


def test_hours_that_fall_silent_are_told() -> None:
    found = ask(BEGIN + timedelta(days=40), [0] * 6 + [230] * 15 + [0] * 3, lived(40, level))[0]
    assert found.level == "alert"
    assert (
        found.reason == "no predictions from 21:00 to 24:00 UTC, when 17% of a day's usually come"
    )  # 3 of 18


def test_predictions_that_are_asked_for_again_are_told() -> None:
    """Of 3600 rows a day a sketch knows the number of different ones to 3%."""
    before, today = lived(40, level), BEGIN + timedelta(days=40)
    assert ask(today, [0] * 6 + [200] * 18, before, again=0.02)[0].level == "ok"
    found = ask(today, [0] * 6 + [200] * 18, before, again=0.4)[0]
    assert found.level == "alert"
    assert "of 3600 predictions were asked for before on this day" in found.reason


def test_nothing_is_judged_before_two_weeks() -> None:
    before = lived(FEWEST - 1, level)
    assert ask(BEGIN + timedelta(days=FEWEST - 1), [9000] * 24, before)[0].level == "ok"


def test_only_the_champions_day_has_the_traffic() -> None:
    day = Day(
        project=PROJECT, version=2, day=BEGIN, reference=Reference(grid=GRID, blocks={}), hours={},
        profile=empty(GRID), before=[],
    )  # fmt: skip
    assert volume(day) == []
