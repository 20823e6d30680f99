"""Packages a fitted model in a safe native format, and proves that the package answers as the model did."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from noria.artifact import manifest, mlmodel, predictor
from noria.errors import ArtifactError, PipelineError

Kind = Literal["number", "category"]
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Native:
    """A model in its library's own terms: how it is written, and what it answers in memory."""

    kind: str
    file: str
    features: list[dict[str, Any]]
    write: Callable[[Path], object]
    predict: Callable[[Mapping[str, list[Any]]], np.ndarray]


def save(estimator: Any, directory: Path, *, task: str, features: Mapping[str, Kind], example: Any) -> str:
    """Write the artifact of a fitted model; return its digest. `directory` is replaced.

    `task` is binary, multiclass or regression. `example` is a frame (Polars or pandas) of some rows with the
    feature columns: on them the package must answer what the model answers, to 1e-9.

    Raises:
        PipelineError: the estimator is no model, of a type that cannot be kept safely, or not for this task.
        ArtifactError: the package does not answer as the model in memory does.
    """
    native = _native(estimator, task, features)
    columns = {name: _values(example[name], kind) for name, kind in features.items()}
    expected = np.asarray(native.predict(columns), dtype=np.float64)
    _check_outputs(expected, task)

    shutil.rmtree(directory, ignore_errors=True)
    data = directory / "data"
    data.mkdir(parents=True)
    native.write(data / native.file)
    spec = {
        "kind": native.kind,
        "task": task,
        "features": native.features,
        "classes": _classes(estimator, expected, task),
        "file": native.file,
    }
    (data / "spec.json").write_text(json.dumps(spec, indent=1))
    _check_round_trip(expected, predictor.load(directory).predict(columns))
    mlmodel.write(directory, spec, columns, rows=5)
    return manifest.write(directory)


def packagable(estimator: Any) -> bool:
    """Say whether this is a model of a library that `save` knows."""
    return any(_is(estimator, name) for name in (*_LIGHTGBM, *_XGBOOST, "sklearn.base.BaseEstimator"))


_LIGHTGBM = ("lightgbm.basic.Booster", "lightgbm.sklearn.LGBMModel")
_XGBOOST = ("xgboost.core.Booster", "xgboost.sklearn.XGBModel")


def _native(estimator: Any, task: str, features: Mapping[str, Kind]) -> _Native:
    if any(_is(estimator, name) for name in _LIGHTGBM):
        return _lightgbm(getattr(estimator, "booster_", estimator), features)
    if any(_is(estimator, name) for name in _XGBOOST):
        return _xgboost(estimator, features)
    if _is(estimator, "sklearn.base.BaseEstimator"):
        return _sklearn(estimator, task, features)
    kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}".removeprefix("builtins.")
    raise PipelineError(
        f"the step `model` returned {kind}, which cannot be kept safely; "
        "return a fitted LightGBM, XGBoost or scikit-learn model",
        hint="noria run",
    )


def _is(estimator: Any, name: str) -> bool:
    """Say whether the estimator is of a class that, if it were never imported, it cannot be of."""
    module, _, attribute = name.rpartition(".")
    found = getattr(sys.modules.get(module), attribute, None)
    return found is not None and isinstance(estimator, found)


# --- one function for each library ---------------------------------------------------------------------------


def _lightgbm(booster: Any, features: Mapping[str, Kind]) -> _Native:
    # LightGBM writes blanks in names as underscores.
    names = {name.replace(" ", "_"): name for name in features}
    used = _in_order([names.get(name, name) for name in booster.feature_name()], features)
    categories = booster.pandas_categorical or []
    wanted = [feature["name"] for feature in used if feature["kind"] == "category"]
    _check_categories(wanted, len(categories))
    return _Native(
        kind="lightgbm",
        file="model.txt",
        features=used,
        write=booster.save_model,
        predict=lambda columns: booster.predict(
            _coded_frame(columns, used, dict(zip(wanted, categories, strict=True))), num_threads=1
        ),
    )


def _xgboost(estimator: Any, features: Mapping[str, Kind]) -> _Native:
    import xgboost

    booster = estimator if isinstance(estimator, xgboost.Booster) else estimator.get_booster()
    if getattr(estimator, "early_stopping_rounds", None):
        booster = booster[: booster.best_iteration + 1]
    used = _in_order(booster.feature_names or [], features)
    exported = booster.get_categories(export_to_arrow=True).to_arrow()
    categories = {name: values.to_pylist() for name, values in exported if values is not None}
    wanted = [feature["name"] for feature in used if feature["kind"] == "category"]
    _check_categories(wanted, len(categories))

    def predict(columns: Mapping[str, list[Any]]) -> np.ndarray:
        frame = _coded_frame(columns, used, categories)
        return booster.predict(xgboost.DMatrix(frame, enable_categorical=True))

    return _Native(
        kind="xgboost",
        file="model.ubj",
        features=[
            feature | ({"categories": categories[feature["name"]]} if feature["name"] in categories else {})
            for feature in used
        ],
        write=booster.save_model,
        predict=predict,
    )


def _sklearn(estimator: Any, task: str, features: Mapping[str, Kind]) -> _Native:
    if task != "regression" and not hasattr(estimator, "predict_proba"):
        raise PipelineError(
            f"the step `model` returned {type(estimator).__name__}, which has no predict_proba, but the task is "
            f"{task}; wrap it in sklearn.calibration.CalibratedClassifierCV",
            hint="noria run",
        )
    names = getattr(estimator, "feature_names_in_", features)
    used = _in_order([str(name) for name in names], features)
    return _Native(
        kind="sklearn",
        file="model.skops",
        features=used,
        write=lambda path: _dump(estimator, path),
        predict=lambda columns: predictor.outputs(estimator, predictor.frame(columns, used), task),
    )


def _dump(estimator: Any, path: Path) -> None:
    import skops.io

    skops.io.dump(estimator, path)
    strange = sorted(set(skops.io.get_untrusted_types(file=path)) - set(predictor.TRUSTED))
    if strange:
        raise PipelineError(
            f"the step `model` returned a {type(estimator).__name__} that holds {', '.join(strange)}, "
            "and loading such a type could run any code; build the model of scikit-learn's own classes, or "
            "return a LightGBM or XGBoost model",
            hint="noria run",
        )


# --- checks --------------------------------------------------------------------------------------------------


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


def _check_outputs(outputs: np.ndarray, task: str) -> None:
    shape = "one row of class probabilities" if task == "multiclass" else "one number"
    if outputs.ndim != (2 if task == "multiclass" else 1):
        raise PipelineError(f"for the task {task} a model answers {shape} per row, not {outputs.shape}")
    if not np.isfinite(outputs).all():
        raise PipelineError("the model answers NaN or infinity on rows that it was trained on")
    if task != "regression" and (outputs.min() < 0 or outputs.max() > 1):
        raise PipelineError(
            f"for the task {task} a model answers probabilities, but this one answers "
            f"{outputs.min():.6g} to {outputs.max():.6g}; choose a classification objective"
        )


def _check_round_trip(expected: np.ndarray, found: np.ndarray) -> None:
    if expected.shape != found.shape:
        raise ArtifactError(f"the package answers {found.shape}, the model in memory {expected.shape}")
    worst = float(np.abs(expected - found).max(initial=0.0))
    if not worst <= TOLERANCE:
        raise ArtifactError(
            f"the package answers otherwise than the model in memory: by up to {worst:.3g}, where "
            f"{TOLERANCE:g} is allowed",
            hint="noria run",
        )


# --- values --------------------------------------------------------------------------------------------------


def _values(series: Any, kind: Kind) -> list[Any]:
    """Return a column as `Predictor.predict` takes it, whatever frame it comes from."""
    missing = [value is None or value != value for value in series]
    if kind == "number":
        return [np.nan if gone else float(value) for value, gone in zip(series, missing, strict=True)]
    return [None if gone else str(value) for value, gone in zip(series, missing, strict=True)]


def _coded_frame(
    columns: Mapping[str, list[Any]], features: list[dict[str, Any]], categories: Mapping[str, list[Any]]
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


def _classes(estimator: Any, outputs: np.ndarray, task: str) -> list[Any]:
    if task == "regression":
        return []
    known = getattr(estimator, "classes_", None)
    if known is not None:
        return list(np.asarray(known).tolist())
    return [0, 1] if task == "binary" else list(range(outputs.shape[1]))
