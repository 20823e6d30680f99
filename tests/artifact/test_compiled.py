from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from noria.artifact import golden, package, predictor

NUMBERS = {"distance in miles": "number", "hour": "number"}
FEATURES = {"distance in miles": "number", "carrier": "category"}


def words():
    one_hot = OneHotEncoder(handle_unknown="ignore")
    return make_column_transformer((one_hot, ["carrier"]), (StandardScaler(), ["distance in miles"]))


@pytest.fixture
def kept(table, tmp_path):
    """Package a model, compiled where it can be; return what it answered in memory, and the package."""

    def save(model, features, rows=table):
        rows = rows[list(features)]
        model.fit(rows, table["late"])
        package.save(
            model, tmp_path / "a", task="binary", features=features, example=rows[:50], compile_on=rows
        )
        loaded = predictor.load(tmp_path / "a")
        golden.check(tmp_path / "a", loaded)
        asked = {name: rows[name].tolist() for name in features}
        return model.predict_proba(rows)[:, 1], loaded.predict(asked), loaded.spec

    return save


def test_histogram_gradient_boosting_becomes_trees_that_need_no_scikit_learn(kept, tmp_path):
    expected, found, spec = kept(HistGradientBoostingClassifier(max_iter=5), NUMBERS)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)
    assert (spec["kind"], spec["classes"]) == ("lightgbm", [0, 1])
    assert spec["compiled"] == "compiled to LightGBM trees; equal on 600 rows"
    script = (
        "import sys, json\n"
        "from noria.artifact.predictor import load\n"
        "load(sys.argv[1], lean=True).predict({'distance in miles': [1.0], 'hour': [None]})\n"
        "print('sklearn' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a")], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.lower()) is False


def test_a_pipeline_with_categories_becomes_a_graph(kept):
    expected, found, spec = kept(make_pipeline(words(), LogisticRegression()), FEATURES)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert spec["kind"] == "onnx"
    assert spec["compiled"].startswith("compiled to ONNX")


@pytest.mark.parametrize(
    ("model", "why"),
    [
        # a forest of rows without gaps treats a missing value in a way that its graph does not
        (RandomForestClassifier(5, random_state=0), "with 'distance in miles' missing"),
        (make_pipeline(FunctionTransformer(np.abs), LogisticRegression()), "FunctionTransformer"),
    ],
)
def test_a_form_that_answers_otherwise_is_not_kept_and_the_reason_is(model, why, kept, table):
    expected, found, spec = kept(model, NUMBERS, table.fillna({"hour": 0}))
    np.testing.assert_array_equal(found, expected)
    assert spec["kind"] == "sklearn"
    assert spec["compiled"].startswith("not compiled: LightGBM trees: ")
    assert why in spec["compiled"]
