"""A small project with a dataset of three data versions, from two files and from feedback."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier

from noria.adapters.lake import Dataset
from noria.artifact import package
from noria.artifact.model import Model
from noria.dataset.experiment import Fit
from noria.project.model import Data, Project, Task, Train
from noria.project.table import Column, TableSchema

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = BEGIN + timedelta(days=365)
KINDS = {"age": "number", "income": "number", "city": "category"}
SCHEMA = TableSchema(
    columns=(
        Column(name="customer", kind="text"),
        Column(name="at", kind="timestamp"),
        Column(name="age", kind="number"),
        Column(name="income", kind="number"),
        Column(name="city", kind="category"),
        Column(name="late", kind="integer"),
    )
)


def rows(count: int, seed: int, first: int = 0, noise: float = 0.05) -> pl.DataFrame:
    """Rows an hour apart, whose label says, but for noise, whether one is above 50, or in Chur above 40."""
    random = np.random.default_rng(seed)
    age, city = random.uniform(18, 80, count), random.choice(["Bern", "Basel", "Chur"], count)
    late = (age > np.where(city == "Chur", 40, 50)) ^ (random.random(count) < noise)
    return pl.DataFrame(
        {
            "customer": [f"c{first + number}" for number in range(count)],
            "at": [BEGIN + timedelta(hours=first + number) for number in range(count)],
            "age": age,
            "income": random.lognormal(10, 0.5, count),
            "city": city,
            "late": late.astype(int),
        }
    )


def turned(table: pl.DataFrame, share: float, seed: int = 0) -> pl.DataFrame:
    """Turn the labels of a share of the rows."""
    chosen = np.random.default_rng(seed).random(table.height) < share
    return table.with_columns(late=pl.when(pl.Series(chosen)).then(1 - pl.col("late")).otherwise("late"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    data = Data(source=("data/*.csv",), label="late", features=tuple(KINDS), time="at", entity="customer")
    train = Train(holdout=timedelta(days=15))
    return Project(root=tmp_path, name="delay", task=Task.BINARY, data=data, train=train, gates=())


@pytest.fixture
def fill(project: Project) -> Callable[..., Dataset]:
    """Return how to fill the dataset: a data version for each frame, whose source is its name."""

    def add(**batches: pl.DataFrame) -> Dataset:
        dataset = Dataset(project.home / "lake", project.data)
        for name, batch in batches.items():
            dataset.append({"source": batch.with_columns(_source=pl.lit(f"{name}.csv"))})
        return dataset

    return add


@pytest.fixture
def fit(tmp_path: Path) -> Fit:
    """Return a pipeline of one step."""

    def train(table: pl.DataFrame, name: str) -> Model:
        frame = table.select(*KINDS).to_pandas().astype({"city": "category"})
        params: dict[str, Any] = {"n_estimators": 30, "verbosity": -1, "n_jobs": 1, "random_state": 0}
        model = LGBMClassifier(**params).fit(frame, table["late"].to_pandas())
        package.save(model, tmp_path / name, task="binary", features=KINDS, example=frame.head(50))
        return Model(tmp_path / name)

    return train
