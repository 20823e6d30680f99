from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noria.core.policy import Brakes, Triggers
from noria.project.model import Data, Project, RolloutPolicy, Serve, Task, Train
from noria.project.table import Column, TableSchema
from noria.segment import encode

START = datetime(2013, 1, 1, tzinfo=UTC)

SCHEMA = TableSchema(
    columns=(
        Column(name="flight", kind="text"),
        Column(name="carrier", kind="category", categories=("AA", "UA")),
        Column(name="wind", kind="number", nullable=True),
        Column(name="late", kind="integer"),
    )
)


def flights_project(root: Path) -> Project:
    """A project whose predictions mature one day after their day."""
    return Project(
        root=root,
        name="flights",
        task=Task.BINARY,
        pipeline="pipeline.py",
        owner="",
        purpose="",
        risk="low",
        data=Data(
            source=("data/*",),
            label="late",
            features=("carrier", "wind"),
            entity="flight",
            label_delay=timedelta(days=1),
        ),
        train=Train(params={}),
        triggers=Triggers(),
        brakes=Brakes(),
        gates=(),
        rollout=RolloutPolicy(),
        serve=Serve(),
    )


def floats(values: Sequence[Any]) -> bytes:
    return np.asarray(values, np.float64).tobytes()


def block(columns: dict[str, list[Any]]) -> dict[str, Any]:
    """The columns as a gateway records them: numbers packed, all else as it came."""
    packed = {name: floats(values) for name, values in columns.items() if float in map(type, values)}
    return {
        "rows": len(next(iter(columns.values()))),
        "numbers": list(packed),
        "values": b"".join(packed.values()),
        "others": {name: values for name, values in columns.items() if name not in packed},
    }


@pytest.fixture
def start() -> datetime:
    return START


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return flights_project(tmp_path)


@pytest.fixture
def make_project() -> Callable[[Path], Project]:
    return flights_project


@pytest.fixture
def schema() -> TableSchema:
    return SCHEMA


@pytest.fixture
def prediction() -> Callable[..., dict[str, Any]]:
    """Builds a micro-batch; `hour` counts from the first of January."""

    def make(
        ids: Sequence[str],
        hour: float = 0,
        output: float = 0.5,
        columns: dict[str, list[Any]] | None = None,
        outputs: Sequence[Any] = (),
        latencies: Sequence[float] = (),
        **changes: Any,
    ) -> dict[str, Any]:
        rows = len(ids)
        record = {
            "k": "p",
            "at": START.timestamp() + hour * 3600,
            "model": "flights",
            "plan": 3,
            "version": 7,
            "role": "champion",
            "ids": list(ids),
            "entities": [f"flight {each}" for each in ids],
            "columns": block(columns or {"carrier": ["AA"] * rows, "wind": [1.5] * rows}),
            "outputs": floats(outputs or [output] * rows),
            "latencies": floats(latencies or [0.01] * rows),
            "error": None,
        }
        return {**record, **changes}

    return make


@pytest.fixture
def label() -> Callable[..., dict[str, Any]]:
    """Builds the labels of one request."""

    def make(ids: Sequence[str], values: Sequence[Any], hour: float = 0, **changes: Any) -> dict[str, Any]:
        at = START.timestamp() + hour * 3600
        record = {
            "k": "l",
            "at": at,
            "model": "flights",
            "ids": list(ids),
            "labels": list(values),
            "source": "api",
        }
        return {**record, **changes}

    return make


@pytest.fixture
def write(project: Project) -> Callable[..., Path]:
    """Appends records to a segment, as a gateway's worker does."""

    def append(*records: dict[str, Any], name: str = "0-1000-0.seg") -> Path:
        path = project.home / "log" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            for record in records:
                file.write(encode(record))
        return path

    return append
