"""Another form of a model, which answers the same and faster: LightGBM's trees, or an ONNX graph.

LightGBM and XGBoost are as fast as they get; it is scikit-learn whose models are compiled.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from noria.artifact import trees
from noria.artifact.native import Native
from noria.artifact.predictor import onnx, tables

TOLERANCE = 1e-6
"""How far an answer may lie from the model's own, by its size where that is above 1."""


def compiled(estimator: Any, model: Native, task: str, columns: tables.Columns) -> tuple[Native, str]:
    """Return the fastest form that answers the same on these rows, and which that is, or why there is none.

    The same is: each answer to 1e-6, each most probable class, and no other failures, also where a value is
    missing or a category is unknown. Without such a form it is the model itself.
    """
    if model.kind != "sklearn":
        return model, f"not compiled: {model.kind} is served by its own library"
    expected = np.asarray(model.predict(columns))
    reasons = []
    for name, make in FORMS.items():
        try:
            form = make(estimator, model, task)
            fault = _difference(expected, np.asarray(form.predict(columns)), task)
            fault = fault or _hard_difference(model, form, task, columns)
        except Exception as error:  # a converter may raise anything on what it does not know
            fault = str(error).strip().partition("\n")[0] or type(error).__name__
        if not fault:
            return form, f"compiled to {name}; equal on {len(expected)} rows"
        reasons.append(f"{name}: {fault}")
    return model, f"not compiled: {'; '.join(reasons)}"


def _difference(expected: np.ndarray, found: np.ndarray, task: str) -> str:
    """Say how another form answers otherwise; "" where it does not."""
    if expected.shape != found.shape:
        return f"answers with the shape {found.shape}, not {expected.shape}"
    off = np.abs(expected - found) / np.maximum(1, np.abs(expected))
    if not (off <= TOLERANCE).all():
        worst = float(np.nan_to_num(off, nan=np.inf).max())
        return f"answers otherwise by up to {worst:.3g}, where {TOLERANCE:g} is allowed"
    if task != "regression" and (_labels(expected) != _labels(found)).any():
        return "names another class somewhere"
    return ""


def _hard_difference(model: Native, form: Native, task: str, columns: tables.Columns) -> str:
    """Ask both for the first row with each feature missing, and each category unknown."""
    row = {feature["name"]: list(columns[feature["name"]][:1]) for feature in model.features}
    for feature in model.features:
        for value in [None, "\0"] if feature["kind"] == "category" else [None]:
            asked = row | {feature["name"]: [value]}
            one, other = _answer(model, asked), _answer(form, asked)
            if one is None or other is None:
                fault = "" if one is other else "fails elsewhere"
            else:
                fault = _difference(one, other, task)
            if fault:
                return f"{fault}, with {feature['name']!r} {'missing' if value is None else 'unknown'}"
    return ""


def _answer(model: Native, row: tables.Columns) -> np.ndarray | None:
    try:
        answer = np.asarray(model.predict(row), dtype=np.float64)
    except Exception:
        return None
    return answer if np.isfinite(answer).all() else None


def _labels(outputs: np.ndarray) -> np.ndarray:
    return outputs.argmax(axis=1) if outputs.ndim == 2 else outputs >= 0.5


def _trees(estimator: Any, model: Native, task: str) -> Native:
    import lightgbm

    text = trees.lightgbm_text(estimator, task)
    booster = lightgbm.Booster(model_str=text)
    return replace(
        model,
        kind="lightgbm",
        file="model.txt",
        write=lambda path: path.write_text(text),
        predict=lambda columns: np.asarray(
            booster.predict(tables.numbers(columns, model.features), num_threads=1)
        ),
        ways=({},),
    )


def _graph(number: str, estimator: Any, model: Native, task: str) -> Native:
    try:
        from skl2onnx import to_onnx
    except ModuleNotFoundError:
        raise ValueError("skl2onnx is not installed: pip install 'noria[onnx]'") from None
    options = {"zipmap": False} if task != "regression" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the converter's own old habits
        graph = to_onnx(
            estimator, initial_types=_inputs(model.features, number), options=options
        ).SerializeToString()
    session = onnx.session(graph)

    def write(path: Path) -> None:
        path.write_bytes(graph)

    return replace(
        model,
        kind="onnx",
        file="model.onnx",
        write=write,
        predict=onnx.score(session, model.features, task),
        ways=({},),
    )


def _inputs(features: list[dict[str, Any]], number: str) -> list[tuple[str, Any]]:
    """Return one tensor where all features are numbers, else one for each feature."""
    from skl2onnx.common import data_types

    types = {"number": getattr(data_types, number), "category": data_types.StringTensorType}
    if all(feature["kind"] == "number" for feature in features):
        return [("x", types["number"]([None, len(features)]))]
    return [(feature["name"], types[feature["kind"]]([None, 1])) for feature in features]


FORMS: dict[str, Callable[[Any, Native, str], Native]] = {
    "LightGBM trees": _trees,
    "ONNX": partial(_graph, "DoubleTensorType"),
    "ONNX in float32": partial(_graph, "FloatTensorType"),
}
"""What is tried, the most exact first."""
