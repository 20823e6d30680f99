"""ONNX graphs, with ONNX Runtime on one thread.

A graph takes either one tensor of shape (n, features), or one of shape (n,) or (n, 1) for each feature, by
its name, with or without underscores for signs that are no letters: float, double, or string ("" where
missing). Its last output is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .tables import Columns, Features, Score, numbers

TYPES: dict[str, Any] = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(string)": object}


def onnx(spec: dict[str, Any], path: str, *, lean: bool) -> Score:
    return score(session(path), spec["features"], spec["task"])


def session(graph: str | bytes) -> Any:
    """Return an inference session of a file, or of a serialized graph."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def is_matrix(inputs: Sequence[Any]) -> bool:
    """Say whether a graph with these inputs takes all features as one tensor."""
    return len(inputs) == 1 and len(inputs[0].shape) == 2 and inputs[0].shape[1] != 1


def plain(name: str) -> str:
    """Return a feature's name as converters write it."""
    return re.sub(r"\W", "_", name)


def score(session: Any, features: Features, task: str) -> Score:
    inputs, output = session.get_inputs(), session.get_outputs()[-1].name
    wanted = {plain(feature["name"]): feature for feature in features}

    def feed(columns: Columns) -> dict[str, np.ndarray]:
        if is_matrix(inputs):
            return {inputs[0].name: numbers(columns, features).astype(TYPES[inputs[0].type])}
        return {one.name: _tensor(columns, wanted[plain(one.name)], one) for one in inputs}

    def answer(columns: Columns) -> np.ndarray:
        outputs = np.asarray(session.run([output], feed(columns))[0], dtype=np.float64)
        if task == "multiclass":
            return outputs
        return outputs[:, -1] if outputs.ndim == 2 else outputs

    return answer


def _tensor(columns: Columns, feature: Mapping[str, Any], wanted: Any) -> np.ndarray:
    column, kind = columns[feature["name"]], feature["kind"]
    values = np.asarray(column, np.float64) if kind == "number" else [value or "" for value in column]
    return np.asarray(values, dtype=TYPES[wanted.type]).reshape(-1, *([1] * (len(wanted.shape) - 1)))
