"""Fitted models in their own libraries' terms: LightGBM, XGBoost and scikit-learn, none imported unasked."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zipfile import ZipFile, ZipInfo

import numpy as np

from noria.artifact import predictor
from noria.errors import PipelineError

Kind = Literal["number", "category"]

_LIGHTGBM = ("lightgbm.basic.Booster", "lightgbm.sklearn.LGBMModel")
_XGBOOST = ("xgboost.core.Booster", "xgboost.sklearn.XGBModel")
_SKLEARN = ("sklearn.base.BaseEstimator",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """How a model is written, and what it answers in memory; `features` are those it uses, in order."""

    kind: str
    file: str
    features: list[dict[str, Any]]
    write: Callable[[Path], object]
    predict: Callable[[Mapping[str, list[Any]]], np.ndarray]


def of(estimator: Any, task: str, features: Mapping[str, Kind]) -> Native:
    """Return the fitted model in its library's terms.

    Raises:
        PipelineError: it is no model, of another library, or fitted on other columns than `features`.
    """
    if _is(estimator, _LIGHTGBM):
        return _lightgbm(getattr(estimator, "booster_", estimator), features)
    if _is(estimator, _XGBOOST):
        return _xgboost(estimator, features)
    if _is(estimator, _SKLEARN) and hasattr(estimator, "predict"):
        return _sklearn(estimator, task, features)
    kind = f"{type(estimator).__module__}.{type(estimator).__qualname__}".removeprefix("builtins.")
    raise PipelineError(
        f"the step `model` returned {kind}, which is no model that can be kept safely; "
        "return a fitted LightGBM, XGBoost or scikit-learn model",
        hint="noria run",
    )


def is_model(value: Any) -> bool:
    """Say whether the value is of a library that noria knows; it may be a transformer as well."""
    return _is(value, (*_LIGHTGBM, *_XGBOOST, *_SKLEARN))


def dump(estimator: Any, path: Path) -> None:
    """Write the estimator with skops; equal estimators give equal bytes.

    Raises:
        PipelineError: it holds types that are not trusted.
    """
    import skops.io

    content = skops.io.dumps(estimator)
    strange = sorted(set(skops.io.get_untrusted_types(data=content)) - set(predictor.TRUSTED))
    if strange:
        raise PipelineError(
            f"the {type(estimator).__name__} holds {', '.join(strange)}, and loading such a type could run "
            "any code; build it of scikit-learn's own classes, or return a LightGBM or XGBoost model",
            hint="noria run",
        )
    path.write_bytes(_canonical(content))


def restore(path: Path) -> Any:
    """Return the estimator that `dump` wrote."""
    import skops.io

    return skops.io.load(path, trusted=list(predictor.TRUSTED))


def _is(estimator: Any, names: tuple[str, ...]) -> bool:
    """Say whether the estimator is of one of the classes. It is of none whose module was never imported."""
    found = (getattr(sys.modules.get(name.rpartition(".")[0]), name.rpartition(".")[2], ()) for name in names)
    return any(isinstance(estimator, cls) for cls in found)


def _canonical(content: bytes) -> bytes:
    """Number the memory addresses and drop the times that skops writes into its archive."""
    source = ZipFile(io.BytesIO(content))
    schema = source.read("schema.json").decode()
    addresses = dict.fromkeys(re.findall(r'"__id__": (\d+)', schema))
    numbers = {address: str(number) for number, address in enumerate(addresses)}

    def numbered(match: re.Match[str]) -> str:
        return match[1] + numbers.get(match[2], match[2]) + match[3]

    schema = re.sub(r'("__id__": |"file": ")(\d+)(\b)', numbered, schema)
    target = io.BytesIO()
    with ZipFile(target, "w") as archive:
        for name in source.namelist():
            if name != "schema.json":
                archive.writestr(ZipInfo(re.sub(r"()(\d+)(\b)", numbered, name)), source.read(name))
        archive.writestr(ZipInfo("schema.json"), schema)
    return target.getvalue()


# --- one function for each library ---


def _lightgbm(booster: Any, features: Mapping[str, Kind]) -> Native:
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

    def predict(columns: Mapping[str, list[Any]]) -> np.ndarray:
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
    return Native(
        kind="sklearn",
        file="model.skops",
        features=used,
        write=lambda path: dump(estimator, path),
        predict=lambda columns: predictor.outputs(estimator, predictor.frame(columns, used), task),
    )


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
