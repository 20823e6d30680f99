"""A project with four versions and no tests yet, and what a gate has in hand of the first."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression

from noria.adapters.state import SqlState
from noria.artifact import package
from noria.model_tests.run import FOLDER, Session, run_tests
from noria.model_tests.under_test import UnderTest
from noria.project.infer import infer
from noria.project.scaffold import Examples, write_project
from noria.rows import Entry, ModelRow, VersionRow

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
KINDS = {"age": "number", "city": "category"}


def rows(count: int, seed: int) -> pl.DataFrame:
    """Whose label hangs on the age; one of ten is in Chur."""
    random = np.random.default_rng(seed)
    age = random.uniform(18, 80, count)
    late = (random.random(count) < 0.1 + 0.8 * (age > 50)).astype(int)
    return pl.DataFrame(
        {"age": age, "city": random.choice(["Bern", "Chur"], count, p=[0.9, 0.1]), "late": late}
    )


def packaged(train: pl.DataFrame, artifact: Path) -> str:
    """Fit on the rows, package, and return the digest."""
    frame = train.select(*KINDS).to_pandas().astype({"city": "category"})
    model = LGBMClassifier(n_estimators=20, verbosity=-1, n_jobs=1).fit(frame, train["late"].to_pandas())
    return package.save(model, artifact, task="binary", features=KINDS, example=frame.head(20))


def brittle(train: pl.DataFrame, artifact: Path) -> str:
    """Package a model that has no answer to a missing value."""
    frame = train.select("age").to_pandas()
    model = LogisticRegression().fit(frame, train["late"].to_pandas())
    return package.save(model, artifact, task="binary", features={"age": "number"}, example=frame.head(20))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 is champion and good, as is 3; 2 learnt from flipped labels; 4 answers no missing value."""
    root = tmp_path_factory.mktemp("project") / "shop"
    folder = root / ".noria/runs/run/rows"
    folder.mkdir(parents=True)
    train, holdout = rows(1000, 1), rows(400, 2)
    write_project(root, None, Examples(source="data/*.csv", label="late"), infer(train, label="late"))
    shutil.rmtree(root / "tests")
    for name, frame in (("train-all", train), ("holdout", holdout)):
        frame.with_row_index("_time").write_parquet(folder / f"{name}.parquet")
    state = SqlState(f"sqlite:///{root / '.noria/state.db'}")
    for number, learnt in ((1, train), (2, train.with_columns(late=1 - pl.col("late"))), (3, rows(1000, 4))):
        _register(state, number, root, packaged(learnt, root / f".noria/version{number}"))
    _register(state, 4, root, brittle(train, root / ".noria/version4"))
    begun = Entry(at=BEGIN, actor="noria", kind="resumed", body={"reason": "a start"})
    state.change(ModelRow(name="shop"), ModelRow(name="shop", champion=1), [begun])
    return root


def _register(state: SqlState, number: int, root: Path, digest: str) -> None:
    version = VersionRow(
        model="shop", version=number, run="run", artifact=str(root / f".noria/version{number}"),
        digest=digest, registered=BEGIN, facts={"window": "all", "metrics": {}},
    )  # fmt: skip
    state.save_version(version)


@pytest.fixture
def shop(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project, which is the working directory."""
    root = tmp_path / "shop"
    shutil.copytree(made, root)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def sample() -> Callable[[int, int], pl.DataFrame]:
    """Return the way to draw rows: how many, and from which seed."""
    return rows


@pytest.fixture
def tested(made: Path) -> UnderTest:
    """Version 1 before there is a champion."""
    artifact = str(made / ".noria/version1")
    folder = made / ".noria/runs/run/rows"
    return UnderTest(
        name="candidate",
        root=str(made),
        shipped=artifact,
        judged=artifact,
        champion=None,
        train=str(folder / "train-all.parquet"),
        holdout=str(folder / "holdout.parquet"),
    )


@pytest.fixture
def tried(shop: Path, tested: UnderTest, tmp_path: Path) -> Callable[..., Session]:
    """Return the way to run a text as the project's only file of tests."""

    def run(text: str, timeout: float = 60) -> Session:
        (shop / FOLDER).mkdir(parents=True)
        (shop / FOLDER / "test_it.py").write_text(text)
        return run_tests(replace(tested, root=str(shop)), tmp_path / "out", timeout)

    return run
