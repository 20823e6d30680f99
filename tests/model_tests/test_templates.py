"""The tests that come with a new project pass on an honest model of each task."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor

from noria.artifact import package
from noria.model_tests.run import run_tests
from noria.model_tests.under_test import UnderTest
from noria.project.infer import infer
from noria.project.scaffold import Examples, write_project

ROWS = 1500


def table(label: str) -> pl.DataFrame:
    """Rows an hour apart; `binary`, `multiclass` and `regression` hang on size, and `city` on nothing."""
    random = np.random.default_rng(0)
    size = random.uniform(0, 1, ROWS)
    labels = {
        "binary": (random.random(ROWS) < size).astype(int),
        "multiclass": np.array(["low", "middle", "high"])[np.digitize(size, [0.3, 0.6])],
        "regression": size * 10 + random.normal(size=ROWS),
    }
    city = random.choice(["Bern", "Chur"], ROWS)
    times = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(ROWS)]
    return pl.DataFrame({"size": size, "city": city, label: labels[label], "time": times})


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_tests_of_a_new_project_pass(tmp_path: Path, task: str) -> None:
    rows = table(task)
    write_project(
        tmp_path,
        None,
        Examples(source="data/*.csv", label=task, time="time"),
        infer(rows, label=task, time="time"),
    )
    tested = fitted(rows.with_columns(_time="time"), task, tmp_path)
    session = run_tests(tested, tmp_path / "out", timeout=100)
    assert session.trouble == ""
    assert len(session.of("passed")) == len(session.results) == 6, session.results


def fitted(rows: pl.DataFrame, task: str, root: Path) -> UnderTest:
    frame = rows.select("size", "city").to_pandas().astype({"city": "category"})
    learner = LGBMRegressor if task == "regression" else LGBMClassifier
    model = learner(n_estimators=20, verbosity=-1, n_jobs=1).fit(frame[:1000], rows[task][:1000].to_pandas())
    kinds = {"size": "number", "city": "category"}
    package.save(model, root / "artifact", task=task, features=kinds, example=frame.head(20))
    rows[:1000].write_parquet(root / "train.parquet")
    rows[1000:].write_parquet(root / "holdout.parquet")
    artifact = str(root / "artifact")
    return UnderTest(
        name="candidate",
        root=str(root),
        shipped=artifact,
        judged=artifact,
        champion=None,
        train=str(root / "train.parquet"),
        holdout=str(root / "holdout.parquet"),
    )
