"""scikit-learn's estimators, kept by skops: what they are made of is looked at before it is restored."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from .lean import leave_out
from .tables import Score, frame, numbers, objects

TABLES = {"numbers": numbers, "objects": objects, "frame": frame}
"""The forms in which an estimator may get its rows."""

# What fitted models are made of, beyond estimators and what skops trusts by itself. None of these types runs
# code of the file's choosing when it is restored: a partial holds only functions that are trusted as well.
TRUSTED = (
    "builtins.object",
    "collections.OrderedDict",
    "functools.partial",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils.validation.check_array",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
)


def sklearn(spec: dict[str, Any], path: str, *, lean: bool) -> Score:
    table = TABLES[spec["table"]]
    if lean and table is not frame:
        leave_out("pandas")
    estimator = _restore(path, lean=lean)
    if table is not frame:
        _forget_names(estimator)
    return lambda columns: outputs(estimator, table(columns, spec["features"]), spec["task"])


def outputs(estimator: Any, table: Any, task: str) -> np.ndarray:
    """Return what an estimator answers, in the form of `Predictor.predict`."""
    if task == "regression":
        return np.asarray(estimator.predict(table), dtype=np.float64).reshape(len(table))
    probabilities = np.asarray(estimator.predict_proba(table), dtype=np.float64)
    return probabilities[:, 1] if task == "binary" else probabilities


def _restore(path: str, *, lean: bool) -> Any:
    import sklearn.utils

    # skops imports all of scikit-learn to list its estimators, in a second and 20 MB; this file's will do.
    every = sklearn.utils.all_estimators
    sklearn.utils.all_estimators = list if lean else every
    try:
        import skops.io
    finally:
        sklearn.utils.all_estimators = every
    strange = skops.io.get_untrusted_types(file=path)
    return skops.io.load(path, trusted=[*TRUSTED, *filter(_is_estimator, strange)])


def _is_estimator(name: str) -> bool:
    """Say whether this is the name of one of scikit-learn's own estimators."""
    from sklearn.base import BaseEstimator

    module, _, cls = name.rpartition(".")
    found = getattr(import_module(module), cls, None) if module.startswith("sklearn.") else None
    return isinstance(found, type) and issubclass(found, BaseEstimator)


def _forget_names(part: Any) -> None:
    """Let a fitted estimator and all those in it know their columns by place, so that they take arrays."""
    from sklearn.base import BaseEstimator

    if isinstance(part, BaseEstimator):
        names = vars(part).pop("feature_names_in_", None)
        if names is not None and hasattr(part, "transformers_"):  # it is a ColumnTransformer
            places = {name: place for place, name in enumerate(names)}
            part.transformers_ = [(*step, _placed(wanted, places)) for *step, wanted in part.transformers_]
        part = vars(part)
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list | tuple) else ()
    for value in inner:
        _forget_names(value)


def _placed(wanted: Any, places: Mapping[str, int]) -> Any:
    """Return the places of the columns that a transformer wants by name, or by place already."""
    if isinstance(wanted, str):
        return places[wanted]
    return [places.get(name, name) for name in wanted] if isinstance(wanted, list) else wanted
