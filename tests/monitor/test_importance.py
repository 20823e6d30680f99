from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest

from noria.monitor.importance import importance

DICE = np.random.default_rng(0)
ROWS = pl.DataFrame({"x": DICE.random(500), "y": DICE.random(500), "c": DICE.choice(["a", "b"], 500)})
NAMES = ["x", "y", "c"]


def weighted(columns: Mapping[str, list[Any]]) -> np.ndarray:
    return 3 * np.array(columns["x"]) + np.array(columns["y"])


def classes(columns: Mapping[str, list[Any]]) -> np.ndarray:
    chosen = np.array([category == "a" for category in columns["c"]], float)
    return np.column_stack([chosen, 1 - chosen])


def test_each_feature_has_the_share_of_what_it_moves() -> None:
    found = importance(ROWS, NAMES, weighted)
    assert found == {"x": pytest.approx(0.75, abs=0.03), "y": pytest.approx(0.25, abs=0.03), "c": 0.0}


def test_of_several_classes_all_answers_count() -> None:
    assert importance(ROWS, NAMES, classes) == {"x": 0.0, "y": 0.0, "c": 1.0}


def test_a_model_that_always_answers_the_same_hangs_on_nothing() -> None:
    assert importance(ROWS, NAMES, lambda columns: np.ones(500)) == dict.fromkeys(NAMES, 0.0)
