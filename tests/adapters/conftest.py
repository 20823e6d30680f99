from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from noria.core.policy import Brakes, Triggers
from noria.project.model import Data, Project, RolloutPolicy, Serve, Task, Train
from noria.project.table import Column, TableSchema

START = datetime(2013, 1, 1, tzinfo=UTC)

SCHEMA = TableSchema(
    columns=(
        Column(name="flight", kind="text"),
        Column(name="departure", kind="timestamp"),
        Column(name="carrier", kind="category", categories=("AA", "UA")),
        Column(name="wind", kind="number", nullable=True),
        Column(name="hour", kind="integer"),
        Column(name="late", kind="integer"),
        Column(name="landed", kind="timestamp"),
    )
)


@pytest.fixture
def schema() -> TableSchema:
    return SCHEMA


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """Builds a project on data/*.csv and *.parquet; keywords change its data and train settings."""

    def make(train: Train | None = None, **data: Any) -> Project:
        settings: dict[str, Any] = {
            "source": ("data/*",),
            "label": "late",
            "features": ("carrier", "wind", "hour"),
            "time": "departure",
            "entity": "flight",
            "label_time": "landed",
            "label_delay": timedelta(days=1),
        }
        return Project(
            root=tmp_path,
            name="flights",
            task=Task.BINARY,
            pipeline="pipeline.py",
            owner="",
            purpose="",
            risk="low",
            data=Data(**{**settings, **data}),
            train=train or Train(holdout=timedelta(days=2), params={}),
            triggers=Triggers(),
            brakes=Brakes(),
            gates=(),
            rollout=RolloutPolicy(),
            serve=Serve(),
        )

    return make


@pytest.fixture
def flights() -> Callable[..., pl.DataFrame]:
    """Builds one flight per hour, from the first of January on; each lands two hours after its departure."""

    def make(count: int, first: int = 0) -> pl.DataFrame:
        numbers = range(first, first + count)
        return pl.DataFrame(
            {
                "flight": [f"f{n}" for n in numbers],
                "departure": [START + timedelta(hours=n) for n in numbers],
                "carrier": ["AA" if n % 2 else "UA" for n in numbers],
                "wind": [None if n % 5 == 0 else float(n) for n in numbers],
                "hour": [n % 24 for n in numbers],
                "late": [int(n % 3 == 0) for n in numbers],
                "landed": [START + timedelta(hours=n + 2) for n in numbers],
            }
        )

    return make
