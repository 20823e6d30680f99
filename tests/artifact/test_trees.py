from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)

from noria.artifact.trees import lightgbm_text

RANDOM = np.random.default_rng(0)


def holed(rows):
    table = RANDOM.normal(size=(rows, 4))
    table[RANDOM.random(table.shape) < 0.1] = np.nan
    return table


ROWS, ASKED = holed(1000), holed(3000)
SUM = np.nan_to_num(ROWS[:, :2]).sum(axis=1)
GAPS = np.isnan(ROWS[:, 0])
SMALL = {"max_iter": 20, "random_state": 0}


@pytest.mark.parametrize(
    ("task", "model"),
    [
        ("binary", HistGradientBoostingClassifier(**SMALL).fit(ROWS, SUM > 0)),
        ("multiclass", HistGradientBoostingClassifier(**SMALL).fit(ROWS, np.digitize(SUM, [-1, 1]))),
        ("regression", HistGradientBoostingRegressor(**SMALL).fit(ROWS, SUM)),
        ("regression", HistGradientBoostingRegressor(loss="quantile", quantile=0.2, **SMALL).fit(ROWS, SUM)),
        ("regression", HistGradientBoostingRegressor(loss="poisson", **SMALL).fit(ROWS, np.exp(SUM))),
        # trees of one split, on whether the first number is missing; and of none
        ("binary", HistGradientBoostingClassifier(max_leaf_nodes=2, **SMALL).fit(ROWS * 0, GAPS)),
        ("regression", HistGradientBoostingRegressor(min_samples_leaf=600, **SMALL).fit(ROWS, SUM)),
    ],
)  # fmt: skip
def test_the_text_answers_as_the_trees_do(task, model):
    found = lightgbm.Booster(model_str=lightgbm_text(model, task)).predict(ASKED, num_threads=1)
    expected = model.predict(ASKED) if task == "regression" else model.predict_proba(ASKED)
    expected = expected[:, 1] if task == "binary" else expected
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (RandomForestRegressor(2).fit(np.nan_to_num(ROWS), SUM), "RandomForestRegressor is no histogram"),
        (
            HistGradientBoostingRegressor(categorical_features=[0], **SMALL).fit(np.abs(ROWS) // 1, SUM),
            "its trees split categories",
        ),
    ],
)
def test_other_estimators_are_refused(model, message):
    with pytest.raises(ValueError, match=message):
        lightgbm_text(model, "regression")
