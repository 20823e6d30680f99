"""Loads a packaged model and predicts with it: standard library and NumPy, and the model's own library.

This file is copied into every artifact, so that a plain MLflow client can use the model without noria.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Columns = Mapping[str, Sequence[Any]]

# What fitted models are made of, beyond what skops trusts by itself. None of these types runs code of the
# file's choosing when it is restored: a partial holds only functions that are trusted as well.
TRUSTED = (
    "collections.OrderedDict",
    "functools.partial",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
)


class Predictor:
    """A loaded model. `spec` is the content of its spec.json."""

    def __init__(self, spec: dict[str, Any], score: Callable[[Columns], np.ndarray]) -> None:
        self.spec = spec
        self.features: tuple[str, ...] = tuple(feature["name"] for feature in spec["features"])
        self._score = score

    def predict(self, columns: Columns) -> np.ndarray:
        """Return one float64 per row: the positive class's probability, or the value of a regression.

        A multiclass model returns shape (n, k), one probability for each of `spec["classes"]`. Numbers come
        as arrays or lists with NaN or None where missing; categories as lists of strings or None. A category
        that was not seen in training counts as missing.

        Raises:
            ValueError: a feature has no column, or a number's column holds something else.
        """
        missing = [name for name in self.features if name not in columns]
        if missing:
            raise ValueError(f"no column for the feature {missing[0]!r}")
        return np.asarray(self._score(columns), dtype=np.float64)


def load(directory: str | Path, *, lean: bool = False) -> Predictor:
    """Return the predictor of the artifact in `directory`. Verify the artifact first.

    `lean` is for a process that serves and does nothing else: LightGBM comes without scikit-learn and pandas,
    in 60 MB and 1.3 s instead of 220 MB and 5 s, and its scikit-learn estimators stay missing there.
    """
    return _open(Path(directory) / "data", lean=lean)


def _load_pyfunc(data_path: str) -> _Pyfunc:
    """Return what MLflow's python_function flavour calls with a pandas frame."""
    return _Pyfunc(_open(Path(data_path), lean=False))


class _Pyfunc:
    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def predict(self, frame: Any, params: dict[str, Any] | None = None) -> np.ndarray:
        kinds = {feature["name"]: feature["kind"] for feature in self._predictor.spec["features"]}
        return self._predictor.predict(
            {name: _column(frame[name], kind) for name, kind in kinds.items() if name in frame}
        )


def _column(series: Any, kind: str) -> Sequence[Any]:
    if kind == "number":
        return series.to_numpy(dtype=np.float64, na_value=np.nan)  # type: ignore[no-any-return]
    return [None if gone else str(value) for value, gone in zip(series, series.isna(), strict=True)]


def _open(data: Path, *, lean: bool) -> Predictor:
    spec = json.loads((data / "spec.json").read_text())
    path = str(data / spec["file"])
    if spec["kind"] == "lightgbm":
        return Predictor(spec, _lightgbm(path, spec["features"], lean=lean))
    if spec["kind"] == "xgboost":
        return Predictor(spec, _xgboost(path, spec["features"]))
    return Predictor(spec, _sklearn(path, spec["features"], spec["task"]))


def _lightgbm(path: str, features: list[dict[str, Any]], *, lean: bool) -> Callable[[Columns], np.ndarray]:
    booster = _import_lightgbm(lean=lean).Booster(model_file=path)
    encoders = _encoders(features, booster.pandas_categorical or [])
    # One thread: OpenMP's threads spin between requests, and cost more than they bring.
    return lambda columns: booster.predict(_matrix(columns, encoders), num_threads=1)


def _import_lightgbm(*, lean: bool) -> Any:
    blocked = [name for name in ("sklearn", "pandas") if lean and name not in sys.modules]
    for name in blocked:
        sys.modules[name] = None  # type: ignore[assignment]
    import lightgbm

    for name in blocked:
        del sys.modules[name]
    return lightgbm


def _xgboost(path: str, features: list[dict[str, Any]]) -> Callable[[Columns], np.ndarray]:
    import xgboost

    booster = xgboost.Booster({"nthread": 1}, model_file=path)
    encoders = _encoders(features, [feature["categories"] for feature in features if "categories" in feature])
    types = ["c" if feature["kind"] == "category" else "q" for feature in features]

    def score(columns: Columns) -> np.ndarray:
        matrix = xgboost.DMatrix(
            _matrix(columns, encoders), feature_types=types, enable_categorical=True, nthread=1
        )
        return booster.predict(matrix, validate_features=False)

    return score


def _sklearn(path: str, features: list[dict[str, Any]], task: str) -> Callable[[Columns], np.ndarray]:
    import skops.io

    estimator = skops.io.load(path, trusted=list(TRUSTED))
    return lambda columns: outputs(estimator, frame(columns, features), task)


def outputs(estimator: Any, table: Any, task: str) -> np.ndarray:
    """Return what a scikit-learn estimator answers, in the form of `Predictor.predict`."""
    if task == "regression":
        return np.asarray(estimator.predict(table), dtype=np.float64).reshape(len(table))
    probabilities = np.asarray(estimator.predict_proba(table), dtype=np.float64)
    return probabilities[:, 1] if task == "binary" else probabilities


def frame(columns: Columns, features: Sequence[Mapping[str, Any]]) -> Any:
    """Return the pandas frame that a scikit-learn estimator gets: float64, and objects (string or NaN)."""
    import pandas as pd

    def series(name: str, kind: str) -> Any:
        if kind == "number":
            return np.asarray(columns[name], dtype=np.float64)
        return pd.Series([np.nan if value is None else value for value in columns[name]], dtype=object)

    return pd.DataFrame({feature["name"]: series(feature["name"], feature["kind"]) for feature in features})


Encoder = Callable[[Any], float] | None


def _encoders(features: list[dict[str, Any]], categories: list[list[Any]]) -> list[tuple[str, Encoder]]:
    """Pair each feature with the function from a category to its code in the model, None for a number."""
    lists = iter(categories)
    return [
        (feature["name"], _codes(next(lists)) if feature["kind"] == "category" else None)
        for feature in features
    ]


def _codes(categories: list[Any]) -> Callable[[Any], float]:
    codes = {str(category): float(code) for code, category in enumerate(categories)}
    return lambda value: codes.get(value, np.nan)


def _matrix(columns: Columns, encoders: list[tuple[str, Encoder]]) -> np.ndarray:
    matrix = np.empty((len(columns[encoders[0][0]]), len(encoders)))
    for index, (name, encode) in enumerate(encoders):
        matrix[:, index] = columns[name] if encode is None else [encode(value) for value in columns[name]]
    return matrix
