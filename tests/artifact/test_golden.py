from __future__ import annotations

import json

import lightgbm
import numpy as np
import pytest

from noria.artifact import golden, package, predictor
from noria.errors import ArtifactError

FEATURES = {"distance in miles": "number", "carrier": "category", "origin": "category", "hour": "number"}


@pytest.fixture
def artifact(table, coded, tmp_path):
    model = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1).fit(coded, table["late"])
    package.save(model, tmp_path / "a", task="binary", features=FEATURES, example=table)
    return tmp_path / "a"


def test_the_model_that_was_packaged_passes(artifact):
    golden.check(artifact, predictor.load(artifact))
    assert len(json.loads((artifact / golden.FILE).read_text())) == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda outputs: np.add(outputs, [0, 0, 1e-5, 0, 0]),
            r"answers row 2 of its golden request with 0\.\d+, and",
        ),
        (lambda outputs: outputs * [1, np.nan, 1, 1, 1], "answers row 1 of its golden request with nan"),
        (lambda outputs: np.stack([outputs, outputs], axis=1), r"with the shape \(5, 2\), not \(5,\)"),
    ],
)
def test_a_model_that_answers_otherwise_fails_with_the_numbers(artifact, change, message):
    model = predictor.load(artifact)
    other = predictor.Predictor(model.spec, lambda columns: change(model.predict(columns)))
    with pytest.raises(ArtifactError, match=message):
        golden.check(artifact, other)


def test_the_size_of_an_answer_says_how_near_is_near_enough(artifact):
    model = predictor.load(artifact)
    kept = np.array(json.loads((artifact / golden.FILE).read_text()))
    (artifact / golden.FILE).write_text(json.dumps((kept + 1e6).tolist()))
    near = predictor.Predictor(model.spec, lambda columns: model.predict(columns) + 1e6 + 0.5)
    golden.check(artifact, near)  # 0.5 of a million is 5e-7
    far = predictor.Predictor(model.spec, lambda columns: model.predict(columns) + 1e6 + 2)
    with pytest.raises(ArtifactError, match="golden request"):  # 2e-6
        golden.check(artifact, far)
