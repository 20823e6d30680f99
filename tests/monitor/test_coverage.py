"""The level that follows what was covered, and months off their promise."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from noria.core.profile.grid import Grid
from noria.core.profile.profile import empty
from noria.core.profile.reference import Reference
from noria.monitor.coverage import coverage, daily, publish
from noria.monitor.day import Day
from noria.project.model import Data, Monitor, Project, Task
from noria.rows import CohortRow, QualityRow

GRID = Grid(columns={})


def quality(
    day: int, covered: float, rows: int = 100, role: str = "champion", version: int = 1
) -> QualityRow:
    metrics = {"coverage": covered}
    return QualityRow(
        model="m",
        day=f"2013-01-{day:02}",
        version=version,
        role=role,
        predictions=rows,
        rows=rows,
        metrics=metrics,
    )


def a_day(covered: list[float]) -> Day:
    """Return a champion's day after mature days on which these shares were covered, 90% being promised."""
    project = Project(
        root=Path(),
        name="m",
        task=Task.BINARY,
        data=Data(source=(), label="y", features=()),
        gates=(),
        monitor=Monitor(coverage=0.9),
    )
    matured = [
        CohortRow(
            model="m",
            day=f"2013-01-{number:02}",
            version=1,
            role="champion",
            predictions=100,
            metrics={"coverage": share},
            delays=(60, 40),
        )
        for number, share in enumerate(covered, 1)
    ]
    return Day(
        project=project,
        version=1,
        day=date(2013, 2, 5),
        reference=Reference(grid=GRID, blocks={}),
        hours={},
        profile=empty(GRID),
        before=(),
        matured=matured,
        traffic={},
    )


def test_versions_that_answered_count_by_their_labels_and_shadows_not_at_all() -> None:
    rows = [quality(1, 0.8, 300), quality(1, 1.0, 100, "challenger", 2), quality(1, 0.0, 400, "shadow", 2)]
    assert daily(rows) == {"2013-01-01": pytest.approx(0.85)}  # (0.8 x 300 + 1.0 x 100) / 400


def test_each_day_moves_the_level_once(tmp_path: Path) -> None:
    days = [quality(1, 0.8), quality(2, 0.7)]
    assert publish(days[:1], 0.9, tmp_path) == pytest.approx(0.93)
    assert publish(days[:1], 0.9, tmp_path) == pytest.approx(0.93)
    assert publish(days, 0.9, tmp_path) == pytest.approx(0.99)
    (tmp_path / "gateway" / "coverage.json").write_text("{}")  # lost: all days are known
    assert publish(days, 0.9, tmp_path) == pytest.approx(0.99)


def test_another_promise_begins_anew(tmp_path: Path) -> None:
    publish([quality(1, 0.5)], 0.9, tmp_path)
    assert publish([quality(1, 0.5), quality(2, 0.5)], 0.6, tmp_path) == pytest.approx(0.6)
    assert publish([quality(2, 0.5), quality(3, 0.5)], 0.6, tmp_path) == pytest.approx(0.63)


def test_a_month_that_keeps_its_promise_is_no_alarm() -> None:
    """Of 300 months whose days vary by 5 points around it, at most 3 are called off; 0.3 are due."""
    draw = np.random.default_rng(4)
    months = [coverage(a_day(draw.normal(0.9, 0.05, 30).clip(0, 1).tolist()))[0] for _ in range(300)]
    assert sum(month.level == "alert" for month in months) <= 3


def test_a_month_off_its_promise_is_an_alarm() -> None:
    draw = np.random.default_rng(5)
    (said,) = coverage(a_day(draw.normal(0.8, 0.05, 30).tolist()))
    assert (said.level, said.monitor) == ("alert", "coverage")
    assert said.value == pytest.approx(0.8, abs=0.03)
    assert said.value < said.limit < 0.9
    assert "30 days" in said.reason


def test_few_days_say_their_share_and_raise_no_alarm() -> None:
    (said,) = coverage(a_day([0.2] * 5))
    assert (said.level, said.value) == ("ok", pytest.approx(0.2))


def test_it_is_said_once_and_only_where_something_is_promised() -> None:
    day = a_day([0.9] * 20)
    assert coverage(replace(day, traffic=None)) == []
    assert coverage(replace(day, project=replace(day.project, monitor=Monitor()))) == []
    assert coverage(replace(day, matured=())) == []
