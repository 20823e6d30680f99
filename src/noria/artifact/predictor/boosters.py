"""LightGBM and XGBoost, on one thread: OpenMP's spin between requests, which costs more than it brings."""

from __future__ import annotations

from typing import Any

import numpy as np

from .lean import leave_out
from .tables import Score, codes, matrix


def lightgbm(spec: dict[str, Any], path: str, *, lean: bool) -> Score:
    if lean:
        leave_out("sklearn", "pandas")
    import lightgbm

    booster = lightgbm.Booster(model_file=path)
    coded = codes(spec["features"], booster.pandas_categorical or [])
    return lambda columns: np.asarray(booster.predict(matrix(columns, coded), num_threads=1))


def xgboost(spec: dict[str, Any], path: str, *, lean: bool) -> Score:
    if lean:
        leave_out("sklearn", "pandas")
    import xgboost

    booster = xgboost.Booster({"nthread": 1}, model_file=path)
    features = spec["features"]
    coded = codes(features, [feature["categories"] for feature in features if "categories" in feature])
    return lambda columns: booster.inplace_predict(matrix(columns, coded), validate_features=False)
