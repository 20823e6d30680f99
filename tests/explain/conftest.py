"""A project with a registered version and the predictions that it answered, without any service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier

from noria.artifact import background, manifest, package
from noria.artifact.lineage import FOLDER
from noria.artifact.model import Model
from noria.delta import Table
from noria.explain.prediction import Prediction
from noria.explain.version import Version
from noria.monitor import reference
from noria.project.model import Project
from noria.project.parse import load
from noria.project.table import Column, TableSchema, write_schema
from noria.rows import VersionRow
from noria.wiring import state

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT = """
[model]
name = "late"
task = "binary"

[data]
source = "data/*.parquet"
label = "late"
features = ["age", "rooms", "city"]

[explain]
changeable = ["rooms", "city"]
"""
KINDS = {"age": "number", "rooms": "number", "city": "category"}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a project keeps: a version, and the predictions of `rows` in its table: id-0, id-1 and so on."""

    project: Project
    version: VersionRow
    rows: pl.DataFrame


def rows(count: int, seed: int) -> pl.DataFrame:
    """Rows whose label hangs on age and rooms, ten minutes apart."""
    random = np.random.default_rng(seed)
    age, rooms = random.uniform(18, 80, count), random.integers(1, 7, count)
    chance = 1 / (1 + np.exp(-(age - 50) / 6 - (rooms - 3)))
    return pl.DataFrame(
        {
            "_time": [BEGIN + timedelta(minutes=10 * row) for row in range(count)],
            "age": age,
            "rooms": rooms,
            "city": random.choice(["Bern", "Basel", "Chur"], count),
            "late": (random.random(count) < chance).astype(int),
        }
    )


def registered(model: Any, train: pl.DataFrame, folder: Path, task: str = "binary") -> VersionRow:
    """Package a fitted model with its lineage; return its row."""
    artifact, lineage = folder / "model", folder / FOLDER
    package.save(
        model, artifact, task=task, features=KINDS, example=train.select(*KINDS).head(50).to_pandas()
    )
    lineage.mkdir()
    sample = background.save(train, list(KINDS), lineage)
    reference.save(reference.build(train, KINDS, artifact), lineage)
    return VersionRow(
        model="late",
        version=1,
        run="r",
        artifact=str(artifact),
        digest=manifest.digest(artifact),
        registered=BEGIN,
        facts={"background": background.digest(sample)},
    )


def said(row: VersionRow, asked: pl.DataFrame, **values: Any) -> pl.DataFrame:
    """Return the asked rows as the table of predictions has them once the version has answered."""
    model = Model(Path(row.artifact))
    answers = model.predict(asked)
    return (
        asked.drop("late")
        .rename({"_time": "at"})
        .with_columns(
            id=pl.format("id-{}", pl.int_range(pl.len())),
            entity=pl.format("e-{}", pl.int_range(pl.len())),
            client=pl.lit(None, pl.String),
            model=pl.lit("late"),
            version=pl.lit(1),
            role=pl.lit("champion"),
            plan=pl.lit(1),
            output=pl.Series(answers.tolist()),
            margin=pl.lit(None, pl.Float64),
            latency=pl.lit(0.001),
            _day=pl.col("at").dt.date(),
        )
        .with_columns(**values)
    )


@pytest.fixture(scope="session")
def trees() -> LGBMClassifier:
    train = rows(4000, 1).select(*KINDS, "late").to_pandas().astype({"city": "category"})
    return LGBMClassifier(n_estimators=30, verbosity=-1, n_jobs=1, random_state=0).fit(
        train[list(KINDS)], train["late"]
    )


@pytest.fixture
def kept(trees: LGBMClassifier, tmp_path: Path) -> Kept:
    (tmp_path / "noria.toml").write_text(PROJECT)
    kinds = {"age": "number", "rooms": "integer", "city": "category", "late": "integer"}
    columns = tuple(Column(name=name, kind=kind) for name, kind in kinds.items())
    write_schema(TableSchema(columns=columns), tmp_path)
    project = load(tmp_path)
    version = registered(trees, rows(4000, 1), tmp_path)
    state(project).save_version(version)
    asked = rows(300, 2)
    write(project, said(version, asked))
    return Kept(project=project, version=version, rows=asked)


def write(project: Project, predictions: pl.DataFrame) -> None:
    Table(project.home / "lake" / "predictions", by_day=True).append(predictions, {})


@pytest.fixture
def version(kept: Kept) -> Version:
    return Version(kept.version, kept.project.home)


@pytest.fixture
def more(kept: Kept) -> Callable[..., None]:
    """Write predictions of the same rows once more, with other values in their columns."""

    def write_more(count: int, **values: Any) -> None:
        write(kept.project, said(kept.version, kept.rows.head(count), **values))

    return write_more


@pytest.fixture
def train() -> pl.DataFrame:
    return rows(2000, 3)


@pytest.fixture
def answered(train: pl.DataFrame, tmp_path: Path) -> Callable[[Any, str], tuple[Prediction, Version]]:
    """Return what another fitted model answered to the first row of `train`, and its version."""

    def answer(model: Any, task: str) -> tuple[Prediction, Version]:
        version = Version(registered(model, train, tmp_path, task), tmp_path)
        row = train.head(1)
        output = version.model.predict(row).tolist()[0]
        told = {"id": "one", "at": BEGIN, "entity": "e", "version": 1, "role": "champion"}
        return Prediction(output=output, row=row, **told), version

    return answer
