from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from noria.artifact import package, predictor

FEATURES = {"distance in miles": "number", "carrier": "category", "origin": "category", "hour": "number"}
ROW = {"distance in miles": [0.5], "carrier": ["UA"], "origin": ["JFK"], "hour": [12.0]}


@pytest.fixture(scope="module")
def artifact(table, coded, tmp_path_factory) -> Path:
    model = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1).fit(coded, table["late"])
    folder = tmp_path_factory.mktemp("artifact") / "a"
    package.save(model, folder, task="binary", features=FEATURES, example=table)
    return folder


@pytest.fixture(scope="module")
def model(artifact: Path) -> predictor.Predictor:
    return predictor.load(artifact)


def test_one_probability_per_row(model):
    answers = model.predict({name: values * 3 for name, values in ROW.items()})
    assert answers.shape == (3,)
    assert answers.dtype == np.float64
    assert len(set(answers)) == 1
    assert 0 < answers[0] < 1


def test_a_batch_answers_as_its_rows_do_alone(model, table):
    columns = {
        name: table[name].astype(object).where(table[name].notna(), None).tolist() for name in FEATURES
    }
    alone = [model.predict({name: values[i : i + 1] for name, values in columns.items()}) for i in range(50)]
    np.testing.assert_array_equal(np.concatenate(alone), model.predict(columns)[:50])


def test_none_nan_and_an_unknown_category_are_all_missing(model):
    missing = model.predict(ROW | {"hour": [None], "carrier": [None]})
    assert model.predict(ROW | {"hour": [float("nan")], "carrier": ["a new one"]}) == missing
    assert model.predict(ROW | {"hour": np.array([np.nan]), "carrier": [None]}) == missing
    assert model.predict(ROW) != missing


def test_other_columns_do_not_matter_and_a_missing_one_is_named(model):
    assert model.predict(ROW | {"more": ["a"]}) == model.predict(ROW)
    with pytest.raises(ValueError, match="no column for the feature 'hour'"):
        model.predict({name: values for name, values in ROW.items() if name != "hour"})


def test_text_for_a_number_is_refused(model):
    with pytest.raises(ValueError, match="could not convert string to float: 'noon'"):
        model.predict(ROW | {"hour": ["noon"]})


def test_a_lean_process_goes_without_pandas_and_sklearn(artifact, model):
    script = (
        "import sys, json\n"
        "from noria.artifact.predictor import load\n"
        "answer = load(sys.argv[1], lean=True).predict(json.loads(sys.argv[2]))\n"
        "print([m for m in ('pandas', 'sklearn') if m in sys.modules])\n"
        "print(float(answer[0]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(artifact), json.dumps(ROW)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["[]", str(float(model.predict(ROW)[0]))]
