"""A project with three versions: 1 learnt the first half, 2 all but the newest days, 3 all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from noria.adapters.lake import Dataset
from noria.artifact import manifest
from noria.project.model import Project
from noria.project.parse import load
from noria.project.table import TableSchema, read_schema
from noria.rows import VersionRow
from noria.wiring import state
from tests.gates.conftest import BEGIN, fitted, rows

ROWS, HALF, MOST = 3000, 1500, 2400
NOW = BEGIN + timedelta(hours=ROWS + 1)
FILE = """
[model]
name = "delay"
task = "binary"

[data]
source = "data/*.csv"
time = "at"
label = "late"
label_delay = "1h"
features = ["age", "income", "city"]

[monitor]
slices = ["city"]
"""
SCHEMA = """
[columns]
at = { kind = "timestamp" }
age = { kind = "number" }
income = { kind = "number" }
city = { kind = "category" }
late = { kind = "integer" }
"""


@dataclass(frozen=True)
class Lived:
    """The project, and its control state as `compare` takes it."""

    project: Project
    schema: TableSchema
    state: Any
    save: Callable[..., None]


def version(number: int, folder: Path, digest: str, learnt: int, **facts: Any) -> VersionRow:
    """A version that learnt from so many rows."""
    known = {
        "learnt": _text(learnt - 1),
        "holdout_from": _text(learnt - 400),
        "refit": True,
        "rows": learnt,
        "data_version": 1,
        "twin": str(folder / "twin"),
    }
    return VersionRow(
        model="delay",
        version=number,
        run=f"run-{number}",
        artifact=str(folder / "model"),
        digest=digest,
        registered=NOW,
        facts={**known, **facts},
    )


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifacts of all versions, each with its twin."""
    root, known = tmp_path_factory.mktemp("versions"), rows(ROWS, 5)
    for number, learnt, params in ((1, HALF, {"max_depth": 1}), (2, MOST, {}), (3, ROWS, {})):
        fitted(known.head(learnt), root / str(number) / "model", **params)
        fitted(known.head(learnt - 400), root / str(number) / "twin", **params)
    return root


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Lived:
    root = tmp_path_factory.mktemp("project")
    (root / "noria.toml").write_text(FILE)
    (root / "schema.toml").write_text(SCHEMA)
    project = load(root)
    known = rows(ROWS, 5).drop("_version").rename({"_time": "at"})
    Dataset(project.home / "lake", project.data).append({"source": known})
    store = state(project)

    def save(number: int, learnt: int, folder: Path | None = None, **facts: Any) -> None:
        place = folder or models / str(number)
        store.save_version(version(number, place, manifest.digest(place / "model"), learnt, **facts))

    for number, learnt in ((1, HALF), (2, MOST), (3, ROWS)):
        save(number, learnt)
    return Lived(project=project, schema=read_schema(root), state=store, save=save)


def _text(row: int) -> str:
    return (BEGIN + timedelta(hours=row)).isoformat()
