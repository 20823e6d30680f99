from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from noria.core.profile.grid import Grid, category_bins, number_bins
from noria.core.profile.reference import Reference
from noria.delta import Table
from noria.errors import DataError
from noria.monitor import reference
from noria.monitor.explanation import explanation
from noria.project.model import Data, Project, Task
from noria.rows import VersionRow
from noria.testing import MemoryState

BEGIN = datetime(2013, 3, 1, tzinfo=UTC)
HOURS = 24 * 7


def rows(carriers: list[str], begin: datetime, seed: int) -> pl.DataFrame:
    dice = np.random.default_rng(seed)
    hours = [begin + timedelta(hours=hour) for hour in range(HOURS) for _ in range(2)]
    return pl.DataFrame(
        {
            "at": hours,
            "carrier": dice.choice(carriers, len(hours)),
            "distance": dice.normal(1000, 100, len(hours)),
        }
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Version 1 learnt in the first week of March; in the second only one carrier was asked for."""
    data = Data(source=("x",), label="y", features=("carrier", "distance"), time="at")
    project = Project(root=tmp_path, name="m", task=Task.BINARY, data=data, gates=())
    (tmp_path / "lineage").mkdir()
    grid = Grid(columns={"carrier": category_bins({"AA": 1}), "distance": number_bins(np.array([1.0]))})
    reference.save(Reference(grid=grid, blocks={}), tmp_path / "lineage")
    lake = project.home / "lake"
    learnt = rows(["AA", "UA"], BEGIN, 1).rename({"at": "_time"}).with_columns(_version=pl.lit(1))
    later = learnt.with_columns(_version=pl.lit(2), carrier=pl.lit("UA"))
    came = rows(["UA"], BEGIN + timedelta(days=7), 2)
    answered = came.with_columns(role=pl.lit("champion"), _day=pl.col("at").dt.date())
    for name, frame, by_day in (
        ("dataset", pl.concat([learnt, later]), False),
        ("predictions", answered, True),
    ):
        table = Table(lake / name, by_day=by_day)
        table.create(frame.schema)
        table.append(frame, {"s": 1})
    return project


@pytest.fixture
def state(tmp_path: Path) -> MemoryState:
    state = MemoryState()
    version = VersionRow(
        model="m", version=1, run="r", artifact=str(tmp_path / "artifact"), digest="d", registered=BEGIN,
        facts={"data_version": 1},
    )  # fmt: skip
    state.save_version(version)
    return state


def test_the_column_that_tells_the_week_apart(project: Project, state: MemoryState) -> None:
    found = explanation(project, state, 1, date(2013, 3, 14))
    # all that came is UA, of which half was learnt from: an AUC of .75
    assert found.auc == pytest.approx(0.75, abs=0.05)
    assert found.columns[0][0] == "carrier"
    assert found.columns[0][1] > 0.1 > found.columns[1][1]


def test_what_cannot_be_explained(project: Project, state: MemoryState) -> None:
    with pytest.raises(DataError, match="nothing came in the week up to 2013-05-01"):
        explanation(project, state, 1, date(2013, 5, 1))
    with pytest.raises(DataError, match="version 2 has no reference"):
        explanation(project, state, 2, date(2013, 3, 14))
