"""A project with a fitted model, its rows and a folder for tests."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier

from noria.artifact import package
from noria.model_tests.run import FOLDER, Session, run_tests
from noria.model_tests.under_test import UnderTest

TOML = """\
[model]
name = "delay"
task = "binary"
[data]
source = "data/*.parquet"
label = "late"
features = ["age", "city"]
"""


def rows(count: int, seed: int) -> pl.DataFrame:
    """Whose label is likelier with the age."""
    random = np.random.default_rng(seed)
    age = random.uniform(18, 80, count)
    city = random.choice(["Bern", "Chur"], count, p=[0.9, 0.1])
    late = (random.random(count) < age / 100).astype(int)
    return pl.DataFrame({"age": age, "city": city, "late": late, "_time": range(count)})


@pytest.fixture(scope="session")
def about(tmp_path_factory: pytest.TempPathFactory) -> UnderTest:
    """What is known of a model whose project has no tests yet."""
    root = tmp_path_factory.mktemp("project")
    (root / "noria.toml").write_text(TOML)
    train, holdout = rows(1000, 1), rows(400, 2)
    train.write_parquet(root / "train.parquet")
    holdout.write_parquet(root / "holdout.parquet")
    frame = train.select("age", "city").to_pandas().astype({"city": "category"})
    model = LGBMClassifier(n_estimators=20, verbosity=-1, n_jobs=1, random_state=0)
    model.fit(frame, train["late"].to_pandas())
    kinds = {"age": "number", "city": "category"}
    package.save(model, root / "artifact", task="binary", features=kinds, example=frame.head(20))
    return UnderTest(
        name="candidate",
        root=str(root),
        shipped=str(root / "artifact"),
        judged=str(root / "artifact"),
        champion=None,
        train=str(root / "train.parquet"),
        holdout=str(root / "holdout.parquet"),
    )


@pytest.fixture
def tried(about: UnderTest, tmp_path: Path) -> Callable[..., Session]:
    """Return the way to run a text as the project's only file of tests."""

    def run(text: str, timeout: float = 60) -> Session:
        folder = tmp_path / FOLDER
        folder.mkdir(parents=True)
        (folder / "test_it.py").write_text(text)
        (tmp_path / "noria.toml").write_text(TOML)
        return run_tests(replace(about, root=str(tmp_path)), tmp_path / "out", timeout)

    return run
