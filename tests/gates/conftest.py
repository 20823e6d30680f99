"""A candidate as the gates have it in hand: a fitted, packaged model and the rows around it."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier

from noria.artifact import package
from noria.gates.subject import Subject
from noria.project.model import Data, Project, Task
from noria.project.table import Column, TableSchema

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = {"age": "number", "income": "number", "city": "category"}


def rows(count: int, seed: int, begin: datetime = BEGIN) -> pl.DataFrame:
    """Rows whose label hangs on age and city, an hour apart."""
    random = np.random.default_rng(seed)
    age, city = random.uniform(18, 80, count), random.choice(["Bern", "Basel", "Chur"], count)
    chance = 1 / (1 + np.exp(-(age - 50) / 8 - (city == "Chur")))
    return pl.DataFrame(
        {
            "age": age,
            "income": random.lognormal(10, 0.5, count),
            "city": city,
            "late": (random.random(count) < chance).astype(int),
            "_time": [begin + timedelta(hours=hour) for hour in range(count)],
            "_version": np.ones(count, dtype=int),
        }
    )


def fitted(train: pl.DataFrame, directory: Path, **params: Any) -> Path:
    """Train on the rows and package the model; return its directory."""
    frame = train.select(*KINDS).to_pandas().astype({"city": "category"})
    model = LGBMClassifier(n_estimators=30, verbosity=-1, n_jobs=1, random_state=0, **params)
    model.fit(frame, train["late"].to_pandas())
    package.save(model, directory, task="binary", features=KINDS, example=frame.head(50))
    return directory


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A candidate with nothing wrong about it."""
    root = tmp_path_factory.mktemp("subject")
    train, holdout = rows(4000, 1), rows(1000, 2, BEGIN + timedelta(hours=4000))
    for name, frame in (("train", train), ("full", pl.concat([train, holdout])), ("holdout", holdout)):
        frame.write_parquet(root / f"{name}.parquet")
    twin, shipped = fitted(train, root / "twin"), fitted(pl.concat([train, holdout]), root / "shipped")
    columns = (Column(name="age", kind="number"), Column(name="income", kind="number"))
    columns += (Column(name="city", kind="category"), Column(name="late", kind="integer"))
    data = Data(source=("data/*.parquet",), label="late", features=tuple(KINDS), time="at")
    return Subject(
        project=Project(root=root, name="delay", task=Task.BINARY, data=data, gates=()),
        schema=TableSchema(columns=columns),
        checkout=root,
        folder=root / "gates",
        shipped=shipped,
        judged=twin,
        champion_artifact=None,
        train_file=root / "train.parquet",
        full_file=root / "full.parquet",
        holdout_file=root / "holdout.parquet",
        now=BEGIN + timedelta(hours=5000),
    )


@pytest.fixture
def changed(honest: Subject, tmp_path: Path) -> Callable[..., Subject]:
    """Return the honest candidate with other values; frames for `train` and `holdout` are written first."""

    def change(**values: Any) -> Subject:
        for name in ("train", "full", "holdout"):
            if isinstance(frame := values.pop(name, None), pl.DataFrame):
                frame.write_parquet(tmp_path / f"{name}.parquet")
                values[f"{name}_file"] = tmp_path / f"{name}.parquet"
        return replace(honest, folder=tmp_path, **values)

    return change


@pytest.fixture
def answering(honest: Subject, tmp_path: Path) -> Callable[..., Path]:
    """Return how to package a Python model: a function of a pandas frame, whose class nobody can import."""

    def make(function: Callable[[Any], Any]) -> Path:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of MLflow's own import
            from mlflow.pyfunc import PythonModel

            class Function(PythonModel):
                def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
                    return function(model_input)

            Function.__module__ = function.__module__ = "pipeline"
            example = honest.train.select(*KINDS).head(20).to_pandas()
            package.save(
                Function(), tmp_path / "odd", task="binary", features=KINDS, example=example, pickle=True
            )
        return tmp_path / "odd"

    return make
