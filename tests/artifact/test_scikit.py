from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from noria.artifact import package, predictor
from noria.artifact.predictor import scikit

FEATURES = {"distance in miles": "number", "carrier": "category", "origin": "category", "hour": "number"}
NUMBERS = {"distance in miles": "number", "hour": "number"}
WORDS = ["carrier", "origin"]


def trees():
    return HistGradientBoostingClassifier(max_iter=5)


def one_hot(words):
    encoder = OneHotEncoder(handle_unknown="ignore")
    return make_column_transformer((encoder, words), remainder=SimpleImputer())


def ordinal():
    return make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), WORDS),
        remainder="passthrough",
    )


MODELS = {
    "numbers alone": (NUMBERS, trees, "numbers"),
    "columns by name": (FEATURES, lambda: make_pipeline(one_hot(WORDS), LogisticRegression()), "objects"),
    "columns by type": (
        FEATURES,
        lambda: make_pipeline(one_hot(make_column_selector(dtype_include=object)), LogisticRegression()),
        "objects",
    ),
    "several pipelines": (
        FEATURES,
        lambda: VotingClassifier(
            [
                ("one", make_pipeline(one_hot(WORDS), LogisticRegression())),
                ("two", make_pipeline(ordinal(), trees())),
            ],
            voting="soft",
        ),
        "objects",
    ),
    "a frame's own types": (
        FEATURES,
        lambda: make_pipeline(ordinal().set_output(transform="pandas"), trees()),
        "frame",
    ),
}


@pytest.fixture(params=MODELS)
def saved(request, table, tmp_path):
    """An artifact, the rows of the table as columns, what the model in memory says, the form of its rows."""
    features, make, form = MODELS[request.param]
    rows = table[list(features)].astype({word: object for word in WORDS if word in features})
    model = make().fit(rows, table["late"])
    package.save(model, tmp_path / "a", task="binary", features=features, example=table)
    columns = {name: [None if value != value else value for value in rows[name]] for name in features}
    return tmp_path / "a", columns, model.predict_proba(rows)[:, 1], form


def test_an_estimator_gets_its_rows_in_the_cheapest_form_that_answers_the_same(saved):
    directory, columns, expected, form = saved
    model = predictor.load(directory)
    assert model.spec["table"] == form
    np.testing.assert_array_equal(model.predict(columns), expected)
    arrays = {
        name: np.array(values, dtype=np.float64) if name in NUMBERS else values
        for name, values in columns.items()
    }
    np.testing.assert_array_equal(model.predict(arrays), expected)


@pytest.mark.parametrize("saved", ["several pipelines", "a frame's own types"], indirect=True)
def test_a_lean_process_answers_the_same_and_brings_pandas_for_frames_alone(saved, tmp_path):
    directory, columns, expected, form = saved
    (tmp_path / "rows.json").write_text(json.dumps(columns))
    script = (
        "import sys, json, warnings\n"
        "warnings.simplefilter('error')\n"
        "from noria.artifact.predictor import load\n"
        "answer = load(sys.argv[1], lean=True).predict(json.load(open(sys.argv[2])))\n"
        "print(json.dumps(['pandas' in sys.modules, answer.tolist()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(directory), str(tmp_path / "rows.json")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    pandas, found = json.loads(done.stdout)
    assert pandas == (form == "frame")
    np.testing.assert_array_equal(found, expected)


class Strange(BaseEstimator):
    pass


def test_a_file_with_a_strange_type_is_restored_neither_here_nor_in_a_lean_process(tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(skops.io.dumps(Strange()))
    spec = {"table": "numbers", "features": [], "task": "binary"}
    with pytest.raises(skops.io.exceptions.UntrustedTypesFoundException, match="Strange"):
        scikit.sklearn(spec, str(path), lean=False)
    script = (
        "import sys\n"
        "from noria.artifact.predictor import scikit\n"
        f"scikit.sklearn({spec!r}, sys.argv[1], lean=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "UntrustedTypesFoundException" in done.stderr.splitlines()[-1]
