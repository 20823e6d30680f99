from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from onnx import TensorProto, helper

from noria.artifact import golden, manifest, package, predictor
from noria.errors import PipelineError

NUMBERS = {"a": "number", "b": "number"}
MIXED = {"a": "number", "word": "category"}
ROWS = pd.DataFrame({"a": [0.0, 1.0, -2.0], "b": [0.5, 3.0, 1.0], "word": ["x", "y", None]})


def graph(inputs, nodes, width, constants=(), **metadata):
    """Return a model with these (name, type, shape) inputs; its output `answer` is of shape (n, width)."""
    output = helper.make_tensor_value_info("answer", TensorProto.DOUBLE, [None, width])
    made = helper.make_model(
        helper.make_graph(
            nodes, "g", [helper.make_tensor_value_info(*one) for one in inputs], [output], list(constants)
        ),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)],
        ir_version=9,
    )
    helper.set_model_props(made, metadata)
    return made


def matrix(width, **metadata):
    """Return softmax(x W), or for a width of 1 sigmoid(x W), with W[i, j] = i + j."""
    weights = np.add.outer(np.arange(2.0), np.arange(float(width)))
    return graph(
        [("x", TensorProto.DOUBLE, [None, 2])],
        [
            helper.make_node("MatMul", ["x", "w"], ["scores"]),
            helper.make_node("Softmax" if width > 1 else "Sigmoid", ["scores"], ["answer"]),
        ],
        width,
        [helper.make_tensor("w", TensorProto.DOUBLE, weights.shape, weights.ravel())],
        **metadata,
    )


def columns():
    """Return a + 10 for the word x, a + 20 for y, a for all others."""
    return graph(
        [("a", TensorProto.DOUBLE, [None, 1]), ("word", TensorProto.STRING, [None, 1])],
        [
            helper.make_node(
                "LabelEncoder", ["word"], ["number"], domain="ai.onnx.ml",
                keys_strings=["x", "y"], values_floats=[10.0, 20.0], default_float=0.0,
            ),
            helper.make_node("Cast", ["number"], ["double"], to=TensorProto.DOUBLE),
            helper.make_node("Add", ["a", "double"], ["answer"]),
        ],
        1,
    )  # fmt: skip


def sigmoid(scores):
    return 1 / (1 + np.exp(-np.asarray(scores)))


@pytest.mark.parametrize(
    ("model", "task", "features", "expected", "classes"),
    [
        # x W = b for W = (0, 1)
        (matrix(1), "binary", NUMBERS, sigmoid([0.5, 3.0, 1.0]), [0, 1]),
        # the scores are b and a + 2 b, so their difference is a + b; the second class is the positive one
        (matrix(2), "binary", NUMBERS, sigmoid([0.5, 4.0, -1.0]), [0, 1]),
        (columns(), "regression", MIXED, [10.0, 21.0, -2.0], []),
    ],
)
def test_a_graph_is_served_as_it_answers(model, task, features, expected, classes, tmp_path):
    digest = package.save(model, tmp_path / "a", task=task, features=features, example=ROWS)
    manifest.verify(tmp_path / "a", digest)
    loaded = predictor.load(tmp_path / "a", lean=True)
    golden.check(tmp_path / "a", loaded)
    asked = {"a": [0.0, 1.0, -2.0], "b": np.array([0.5, 3.0, 1.0]), "word": ["x", "y", None]}
    np.testing.assert_allclose(loaded.predict(asked), expected, rtol=1e-12)
    assert (loaded.spec["kind"], loaded.spec["classes"]) == ("onnx", classes)


def test_the_classes_stand_in_the_graphs_metadata(tmp_path):
    model = matrix(3, classes=json.dumps(["low", "fair", "high"]))
    package.save(model, tmp_path / "a", task="multiclass", features=NUMBERS, example=ROWS)
    loaded = predictor.load(tmp_path / "a")
    assert loaded.spec["classes"] == ["low", "fair", "high"]
    assert loaded.predict({"a": [0.0], "b": [1.0]}).shape == (1, 3)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([("x", TensorProto.INT64, [None, 2])], r"the input 'x' of the ONNX graph is a tensor\(int64\)"),
        ([("c", TensorProto.DOUBLE, [None, 1])], "fitted on 'c', which is no feature"),
    ],
)
def test_a_graph_with_strange_inputs_is_refused(inputs, message, tmp_path):
    model = graph(inputs, [helper.make_node("Cast", [inputs[0][0]], ["answer"], to=TensorProto.DOUBLE)], 2)
    with pytest.raises(PipelineError, match=message):
        package.save(model, tmp_path / "a", task="binary", features=NUMBERS, example=ROWS)
