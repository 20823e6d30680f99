"""Fitted models in their own libraries' terms, none of which is imported unasked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, Literal

import numpy as np

from noria.artifact import estimators
from noria.artifact.predictor import onnx, scikit, tables
from noria.errors import PipelineError

Kind = Literal["number", "category"]

_LIGHTGBM = ("lightgbm.basic.Booster", "lightgbm.sklearn.LGBMModel")
_XGBOOST = ("xgboost.core.Booster", "xgboost.sklearn.XGBModel")
_SKLEARN = ("sklearn.base.BaseEstimator",)
_ONNX = ("onnx.ModelProto",)
_PYTHON = ("mlflow.pyfunc.PythonModel",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """How a model is written, and what it answers in memory; `features` are those it uses, in order.

    `classes` are None where the model does not say them. `ways` are what its spec may say beside this about
    how to ask it, the cheapest first; the last one is certain.
    """

    kind: str
    file: str
    features: list[dict[str, Any]]
    write: Callable[[Path], object]
    predict: Callable[[tables.Columns], np.ndarray]
    classes: list[Any] | None = None
    ways: tuple[dict[str, Any], ...] = ({},)


def of(estimator: Any, task: str, features: Mapping[str, Kind], *, pickle: bool = False) -> Native:
    """Return the fitted model in its library's terms; `pickle` allows one that runs code when it is loaded.

    Raises:
        PipelineError: it is no model, of another library, or fitted on other columns than `features`.
    """
    if _is(estimator, _LIGHTGBM):
        return _lightgbm(estimator, features)
    if _is(estimator, _XGBOOST):
        return _xgboost(estimator, features)
    if _is(estimator, _ONNX):
        return _onnx(estimator, task, features)
    if _is(estimator, _PYTHON):
        return _python(estimator, features, pickle=pickle)
    if _is(estimator, _SKLEARN) and hasattr(estimator, "predict"):
        return _sklearn(estimator, task, features)
    kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}".removeprefix("builtins.")
    raise PipelineError(
        f"the step `model` returned {kind}, which is no model that can be kept safely; "
        "return a fitted LightGBM, XGBoost or scikit-learn model, or an ONNX graph",
        hint="noria run",
    )


def is_model(value: Any) -> bool:
    """Say whether the value is of a library that noria knows; it may be a transformer as well."""
    return _is(value, (*_LIGHTGBM, *_XGBOOST, *_SKLEARN))


def _is(estimator: Any, names: tuple[str, ...]) -> bool:
    """Say whether the estimator is of one of the classes. It is of none whose module was never imported."""
    found = (getattr(sys.modules.get(name.rpartition(".")[0]), name.rpartition(".")[2], ()) for name in names)
    return any(isinstance(estimator, cls) for cls in found)


# --- one function for each library ---


def _lightgbm(estimator: Any, features: Mapping[str, Kind]) -> Native:
    booster = getattr(estimator, "booster_", estimator)
    # LightGBM writes blanks in names as underscores.
    names = {name.replace(" ", "_"): name for name in features}
    used = _in_order([names.get(name, name) for name in booster.feature_name()], features)
    categories = booster.pandas_categorical or []
    wanted = [feature["name"] for feature in used if feature["kind"] == "category"]
    _check_categories(wanted, len(categories))
    return Native(
        kind="lightgbm",
        file="model.txt",
        features=used,
        write=booster.save_model,
        predict=lambda columns: booster.predict(
            _coded_frame(columns, used, dict(zip(wanted, categories, strict=True))), num_threads=1
        ),
        classes=_classes(estimator),
    )


def _xgboost(estimator: Any, features: Mapping[str, Kind]) -> Native:
    import xgboost

    booster = estimator if isinstance(estimator, xgboost.Booster) else estimator.get_booster()
    if getattr(estimator, "early_stopping_rounds", None):
        booster = booster[: booster.best_iteration + 1]
    used = _in_order([str(name) for name in booster.feature_names or ()], features)
    exported = booster.get_categories(export_to_arrow=True).to_arrow()
    categories = {name: values.to_pylist() for name, values in exported if values is not None}
    wanted = [feature["name"] for feature in used if feature["kind"] == "category"]
    _check_categories(wanted, len(categories))

    def predict(columns: tables.Columns) -> np.ndarray:
        frame = _coded_frame(columns, used, categories)
        return booster.predict(xgboost.DMatrix(frame, enable_categorical=True))

    return Native(
        kind="xgboost",
        file="model.ubj",
        features=[
            feature | ({"categories": categories[feature["name"]]} if feature["name"] in categories else {})
            for feature in used
        ],
        write=booster.save_model,
        predict=predict,
        classes=_classes(estimator),
    )


def _sklearn(estimator: Any, task: str, features: Mapping[str, Kind]) -> Native:
    if task != "regression" and not hasattr(estimator, "predict_proba"):
        raise PipelineError(
            f"the step `model` returned {type(estimator).__name__}, which has no predict_proba, but the task "
            f"is {task}; wrap it in sklearn.calibration.CalibratedClassifierCV",
            hint="noria run",
        )
    names = getattr(estimator, "feature_names_in_", features)
    used = _in_order([str(name) for name in names], features)
    cheapest = "objects" if any(feature["kind"] == "category" for feature in used) else "numbers"
    return Native(
        kind="sklearn",
        file="model.skops",
        features=used,
        write=lambda path: estimators.dump(estimator, path),
        predict=lambda columns: scikit.outputs(estimator, tables.frame(columns, used), task),
        classes=_classes(estimator),
        ways=({"table": cheapest}, {"table": "frame"}),
    )


def _onnx(graph: Any, task: str, features: Mapping[str, Kind]) -> Native:
    session = onnx.session(graph.SerializeToString())
    inputs = session.get_inputs()
    names = {onnx.plain(name): name for name in features}
    named = [names.get(onnx.plain(one.name), one.name) for one in inputs]
    used = _in_order(list(features) if onnx.is_matrix(inputs) else named, features)
    for one in inputs:
        if one.type not in onnx.TYPES:
            raise PipelineError(
                f"the input {one.name!r} of the ONNX graph is a {one.type}; allowed: {', '.join(onnx.TYPES)}",
                hint="noria run",
            )
    said = session.get_modelmeta().custom_metadata_map.get("classes")
    return Native(
        kind="onnx",
        file="model.onnx",
        features=used,
        write=lambda path: path.write_bytes(graph.SerializeToString()),
        predict=onnx.score(session, used, task),
        classes=json.loads(said) if said else None,
    )


def _python(model: Any, features: Mapping[str, Kind], *, pickle: bool) -> Native:
    if not pickle:
        raise PipelineError(
            f"the step `model` returned the Python model {type(model).__name__}, which only pickle can keep, "
            "and to load it runs code of its own; return a fitted model, or allow it: [model] pickle = true",
            hint="noria doctor",
        )
    used = _in_order(list(features), features)

    def write(path: Path) -> None:
        import mlflow.pyfunc

        mlflow.pyfunc.save_model(path, python_model=model, pip_requirements=[])

    context = [None] if "context" in signature(model.predict).parameters else []
    return Native(
        kind="pyfunc",
        file="pyfunc",
        features=used,
        write=write,
        predict=lambda columns: np.asarray(model.predict(*context, tables.frame(columns, used))),
        classes=_classes(model),
    )


def _classes(estimator: Any) -> list[Any] | None:
    known = getattr(estimator, "classes_", None)
    return None if known is None else list(np.asarray(known).tolist())


def _in_order(names: list[str], features: Mapping[str, Kind]) -> list[dict[str, Any]]:
    """Return the features that the model uses, in its own order."""
    strange = [name for name in names if name not in features]
    if strange or not names:
        raise PipelineError(
            f"the model was fitted on {strange[0] if strange else 'columns without names'!r}, which is no "
            f"feature of the project; fit it on a frame with columns among {', '.join(features)}",
            hint="noria doctor",
        )
    return [{"name": name, "kind": features[name]} for name in names]


def _check_categories(wanted: list[str], found: int) -> None:
    if len(wanted) != found:
        raise PipelineError(
            f"the model was fitted with {found} category columns, but the schema has {len(wanted)} among its "
            f"columns ({', '.join(wanted) or 'none'}); give exactly these the pandas dtype `category`",
            hint="noria doctor",
        )


def _coded_frame(
    columns: tables.Columns, features: list[dict[str, Any]], categories: Mapping[str, list[Any]]
) -> Any:
    """Return a pandas frame whose categories are those of the model."""
    import pandas as pd

    def series(name: str) -> Any:
        if name not in categories:
            return np.asarray(columns[name], dtype=np.float64)
        code = {str(category): index for index, category in enumerate(categories[name])}
        codes = [code.get(value, -1) for value in columns[name]]
        return pd.Categorical.from_codes(codes, categories=categories[name])

    return pd.DataFrame({feature["name"]: series(feature["name"]) for feature in features})
