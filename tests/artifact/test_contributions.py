"""Contributions add up to what the model says, for every kind of model."""

from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pytest
import xgboost
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from noria.artifact import package
from noria.artifact.contributions import contributions_of, exact
from noria.artifact.model import Model

FEATURES = {"distance in miles": "number", "carrier": "category", "origin": "category", "hour": "number"}
TREES = {"n_estimators": 20, "n_jobs": 1, "random_state": 0}
BOOSTERS = {
    "lightgbm": (
        lightgbm.LGBMClassifier(**TREES, verbosity=-1),
        lightgbm.LGBMRegressor(**TREES, verbosity=-1),
    ),
    "xgboost": (
        xgboost.XGBClassifier(**TREES, enable_categorical=True),
        xgboost.XGBRegressor(**TREES, enable_categorical=True),
    ),
}
LABELS = {"binary": "late", "multiclass": "band", "regression": "delay"}


@pytest.fixture(scope="module")
def rows(table: pd.DataFrame) -> pl.DataFrame:
    return pl.from_pandas(table)


def packaged(fitted: object, task: str, table: pd.DataFrame, folder: Path) -> Model:
    package.save(fitted, folder, task=task, features=FEATURES, example=table)
    return Model(folder)


@pytest.mark.parametrize("task", LABELS)
@pytest.mark.parametrize("library", BOOSTERS)
def test_contributions_of_trees_add_up_to_the_margin(library, task, table, coded, rows, tmp_path) -> None:
    classifier, regressor = BOOSTERS[library]
    label = table[LABELS[task]]
    if task == "multiclass":
        label = label.astype("category").cat.codes
    fitted = (regressor if task == "regression" else classifier).fit(coded, label)
    model = packaged(fitted, task, table, tmp_path / "a")
    tell = exact(model, rows)
    assert tell is not None
    told = tell(rows)
    assert told.parts.shape == (600, 3 if task == "multiclass" else 1, 4)
    np.testing.assert_allclose(told.base + told.parts.sum(axis=2), told.score, atol=1e-6)
    np.testing.assert_allclose(
        told.base, told.base[:1].repeat(600, axis=0), atol=1e-6 if library == "lightgbm" else 1e-5
    )
    np.testing.assert_allclose(linked(told.score, task), model.predict(rows), atol=1e-6)


def linked(score: np.ndarray, task: str) -> np.ndarray:
    if task == "multiclass":
        raised = np.exp(score - score.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)
    return 1 / (1 + np.exp(-score[:, 0])) if task == "binary" else score[:, 0]


def test_columns_that_are_no_feature_are_passed_over(table, coded, rows, tmp_path) -> None:
    fitted = lightgbm.LGBMClassifier(**TREES, verbosity=-1).fit(
        coded[["hour"]].assign(carrier=coded["carrier"]), table["late"]
    )
    model = packaged(fitted, "binary", table, tmp_path / "a")
    assert list(model.features) == ["hour", "carrier"]
    told = contributions_of(model, rows)(rows[:5])
    assert told.parts.shape == (5, 1, 2)


def test_boosters_whose_own_contributions_do_not_add_up_are_asked_instead(
    table, coded, rows, tmp_path
) -> None:
    linear = lightgbm.LGBMRegressor(**TREES, verbosity=-1, linear_tree=True).fit(coded, table["delay"])
    model = packaged(linear, "regression", table, tmp_path / "a")
    assert exact(model, rows) is None
    told = contributions_of(model, rows)(rows[:3])
    assert not told.exact
    np.testing.assert_allclose(told.score[:, 0], model.predict(rows[:3]), atol=1e-9)


def test_asked_contributions_of_a_linear_model_are_its_coefficients(table, rows, tmp_path) -> None:
    filled = table.assign(hour=table["hour"].fillna(12.0))
    columns = ["distance in miles", "hour"]
    fitted = LinearRegression().fit(filled[columns], filled["delay"])
    model = packaged(fitted, "regression", filled, tmp_path / "a")
    background = pl.from_pandas(filled)[:100]
    told = contributions_of(model, background)(pl.from_pandas(filled)[200:205])
    away = filled[columns].to_numpy()[200:205] - background.select(columns).to_numpy().mean(axis=0)
    np.testing.assert_allclose(told.parts[:, 0], fitted.coef_ * away, atol=1e-9)
    np.testing.assert_allclose(told.base[:, 0], model.predict(background).mean(), atol=1e-9)


def test_a_pipeline_with_categories_and_classes_is_explained(table, rows, tmp_path) -> None:
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["carrier"]), ("passthrough", ["distance in miles"])
    )
    used = table[["carrier", "distance in miles"]]
    fitted = make_pipeline(encoder, LogisticRegression()).fit(used, table["band"])
    model = packaged(fitted, "multiclass", table, tmp_path / "a")
    told = contributions_of(model, rows)(rows[:2])
    assert told.parts.shape == (2, 3, 2)
    np.testing.assert_allclose(told.score, model.predict(rows[:2]), atol=1e-9)
