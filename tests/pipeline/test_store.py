from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression

from noria.errors import PipelineError
from noria.pipeline.store import Store

FRAME = pl.DataFrame({"a": [1.0, None], "c": ["x", "y"]}, schema_overrides={"c": pl.Categorical})
PANDAS = pd.DataFrame({"a": [1.0, 2.0], "c": pd.Categorical(["x", "y"])}, index=[7, 9])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.mark.parametrize(
    ("value", "equal"),
    [
        (FRAME, lambda a, b: a.equals(b) and a.schema == b.schema),
        (FRAME["a"], lambda a, b: a.equals(b)),
        (PANDAS, lambda a, b: a.equals(b) and list(a.index) == list(b.index)),
        (np.eye(3, dtype=np.float32), lambda a, b: (a == b).all() and a.dtype == b.dtype),
        ({"rows": 3, "names": ["a"], "none": None}, lambda a, b: a == b),
        (LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), lambda a, b: a.coef_ == b.coef_),
    ],
    ids=["polars", "series", "pandas", "numpy", "json", "estimator"],
)
def test_gives_back_what_was_put(store, value, equal):
    stored = store.put("key", value)
    assert store.find("key") == stored
    assert equal(value, store.load(stored))
    # Equal content has an equal digest, whatever it was made by.
    assert store.put("another key", store.load(stored)) == stored


def test_gives_back_a_booster_that_predicts_the_same(store):
    rows = np.random.default_rng(0).normal(size=(100, 2))
    booster = lightgbm.train(
        {"verbose": -1, "num_threads": 1}, lightgbm.Dataset(rows, rows[:, 0]), num_boost_round=3
    )
    again = store.load(store.put("key", booster))
    assert (again.predict(rows) == booster.predict(rows)).all()


@pytest.mark.parametrize("value", [lambda: 1, object(), {1: "a"}, (1, 2), float("nan"), np.array([object()])])
def test_refuses_what_only_pickle_could_keep(store, value):
    with pytest.raises(PipelineError, match="cannot be kept"):
        store.put("key", value)
    assert store.find("key") is None


def test_a_damaged_output_is_a_miss(store):
    path = store.path(store.put("key", [1, 2, 3]))
    path.write_text("[1, 2, 4]")
    assert store.find("key") is None
    path.unlink()
    assert store.find("key") is None
    assert store.put("key", [1, 2, 3]) == store.find("key")


def test_a_damaged_entry_is_a_miss(store, tmp_path):
    store.put("key", [1])
    for text in ("", "{", "[]", '{"form": "json"}', '{"form": "pickle", "digest": "0"}'):
        (tmp_path / "keys/key").write_text(text)
        assert store.find("key") is None


def test_leaves_no_half_written_file(store, tmp_path):
    with pytest.raises(PipelineError):
        store.put("key", object())
    store.put("key", {"a": 1})
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["key"]
    assert len(list((tmp_path / "objects").iterdir())) == 1
