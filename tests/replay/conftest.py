from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from noria.project.infer import infer
from noria.project.model import Data, Project, Task, Train
from noria.project.table import TableSchema
from noria.replay.history import History, read_history
from noria.replay.workers import Workers
from tests.replay.tiny import rows

START = datetime(2013, 1, 1, tzinfo=UTC)
NOW = datetime(2014, 1, 1, tzinfo=UTC)

Read = Callable[..., tuple[History, Project]]


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Processes that train and predict, begun once: they load their libraries for seconds."""
    with Workers() as processes:
        yield processes


@pytest.fixture
def flipped() -> pl.DataFrame:
    """A hundred days of four rows; in the middle, the meaning of x turns round."""
    frame = rows(400)
    late = pl.int_range(pl.len()) >= 200
    return frame.with_columns(x=pl.when(late).then(-pl.col("x")).otherwise("x"))


@pytest.fixture
def start() -> datetime:
    return START


@pytest.fixture
def flights() -> Callable[[int], pl.DataFrame]:
    """Builds one flight in six hours; every third is late, which is known two hours after its departure."""

    def make(count: int) -> pl.DataFrame:
        departures = [START + timedelta(hours=6 * number) for number in range(count)]
        return pl.DataFrame(
            {
                "flight": [f"f{number}" for number in range(count)],
                "departure": departures,
                "wind": [number / 4 for number in range(count)],
                "late": [int(number % 3 == 0) for number in range(count)],
                "landed": [departure + timedelta(hours=2) for departure in departures],
            }
        )

    return make


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """Builds a project on data/*.parquet that predicts `late` from `wind`; keywords change its data."""

    def make(train: Train | None = None, **data: Any) -> Project:
        settings: dict[str, Any] = {
            "source": ("data/*",),
            "label": "late",
            "features": ("wind",),
            "time": "departure",
            "entity": "flight",
            "label_time": "landed",
        }
        return Project(
            root=tmp_path,
            name="flights",
            task=Task.BINARY,
            data=Data(**{**settings, **data}),
            train=train or Train(holdout=timedelta(days=7)),
            gates=(),
        )

    return make


@pytest.fixture
def schema_of() -> Callable[[pl.DataFrame, Project], TableSchema]:
    """Infers the schema of a frame, as `noria init --data` does."""

    def schema(frame: pl.DataFrame, project: Project) -> TableSchema:
        data = project.data
        return infer(
            frame, label=data.label, time=data.time, entity=data.entity, label_time=data.label_time
        ).schema

    return schema


@pytest.fixture
def read(make_project, schema_of) -> Read:
    """Writes a frame as a project's source and reads its history; `like` is a frame without its faults."""

    def read(
        frame: pl.DataFrame, *, like: pl.DataFrame | None = None, now: datetime = NOW, **changes: Any
    ) -> tuple[History, Project]:
        project = make_project(**changes)
        (project.root / "data").mkdir(exist_ok=True)
        frame.write_parquet(project.root / "data" / "rows.parquet")
        schema = schema_of(frame if like is None else like, project)
        return read_history(project, schema, now), project

    return read
