from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from noria.artifact.predictor import Predictor
from noria.gateway.hosting import host

SPEC = {"task": "binary", "features": [{"name": "x", "kind": "number"}], "classes": []}


def test_good_outputs_pass() -> None:
    model = Predictor(SPEC, lambda columns: np.array(columns["x"]) / 10)
    reply = host.answer(model, {"x": [1.0, 2.0]})
    assert (reply.values(), reply.errors) == ([0.1, 0.2], {})


def test_nan_is_named_and_leaves_the_other_rows_alone() -> None:
    model = Predictor(SPEC, lambda columns: np.array([0.5, np.nan, np.inf]))
    reply = host.answer(model, {"x": [1, 2, 3]})
    assert reply.values()[0] == 0.5
    assert reply.errors == dict.fromkeys((1, 2), "the model answered with NaN or infinity")


@pytest.mark.parametrize("shape", [(2,), (3, 1), (0,), ()])
def test_a_wrong_shape_fails_all_rows(shape: tuple[int, ...]) -> None:
    reply = host.answer(Predictor(SPEC, lambda columns: np.zeros(shape)), {"x": [1, 2, 3]})
    assert len(reply.values()) == 3
    assert reply.errors == dict.fromkeys(
        range(3), f"the model answered with the shape {shape}, and (3,) was due"
    )


def test_a_multiclass_model_answers_a_row_of_probabilities() -> None:
    spec = SPEC | {"task": "multiclass", "classes": ["a", "b"]}
    model = Predictor(spec, lambda columns: np.full((len(columns["x"]), 2), 0.5))
    reply = host.answer(model, {"x": [1, 2]})
    assert (reply.values(), reply.errors) == ([[0.5, 0.5], [0.5, 0.5]], {})
    assert reply.part(1, 2) == np.array([0.5, 0.5]).tobytes()


def test_only_the_row_that_makes_the_model_raise_fails() -> None:
    def score(columns: Mapping[str, Any]) -> np.ndarray:
        if 13 in columns["x"]:
            raise KeyError(13)
        return np.array(columns["x"]) / 10

    reply = host.answer(Predictor(SPEC, score), {"x": [1, 13, 3]})
    assert reply.values()[::2] == [0.1, 0.3]
    assert reply.errors == {1: "the model raised KeyError: 13"}
