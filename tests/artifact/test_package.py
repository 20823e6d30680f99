from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import lightgbm
import numpy as np
import polars as pl
import pytest
import xgboost
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from sklearn.svm import LinearSVC

from noria.artifact import manifest, package, predictor
from noria.errors import ArtifactError, PipelineError

FEATURES = {"distance in miles": "number", "carrier": "category", "origin": "category", "hour": "number"}
TARGETS = {"binary": "late", "multiclass": "band", "regression": "delay"}
LIGHT = {"n_estimators": 10, "verbose": -1, "n_jobs": 1}
BOOST = {"n_estimators": 10, "enable_categorical": True, "n_jobs": 1}


def prepared(last):
    words = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["carrier", "origin"]), remainder=SimpleImputer()
    )
    return make_pipeline(words, last)


def light_booster():
    class Trained:
        def fit(self, rows, target):
            data = lightgbm.Dataset(rows, target)
            return lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1}, data, 10)

    return Trained()


MODELS = [
    ("lightgbm", "binary", lambda: lightgbm.LGBMClassifier(**LIGHT)),
    ("lightgbm", "binary", light_booster),
    ("lightgbm", "multiclass", lambda: lightgbm.LGBMClassifier(**LIGHT)),
    ("lightgbm", "regression", lambda: lightgbm.LGBMRegressor(**LIGHT)),
    ("xgboost", "binary", lambda: xgboost.XGBClassifier(**BOOST)),
    ("xgboost", "regression", lambda: xgboost.XGBRegressor(**BOOST)),
    ("sklearn", "binary", lambda: prepared(LogisticRegression())),
    ("sklearn", "binary", lambda: CalibratedClassifierCV(prepared(LogisticRegression()), cv=2)),
    ("sklearn", "binary", lambda: prepared(lightgbm.LGBMClassifier(**LIGHT))),
    ("sklearn", "multiclass", lambda: HistGradientBoostingClassifier(max_iter=5)),
    ("sklearn", "regression", lambda: prepared(RandomForestRegressor(5))),
    ("sklearn", "regression", lambda: prepared(Ridge())),
]


@pytest.mark.parametrize(
    ("kind", "task", "make"), MODELS, ids=[f"{kind}-{task}-{n}" for n, (kind, task, _) in enumerate(MODELS)]
)
# LightGBM gets NumPy arrays from the preparing step, and warns that they have no names.
@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
def test_the_package_answers_as_the_model_does(kind, task, make, table, coded, tmp_path):
    model = make()
    plain = table[list(FEATURES)] if "prepared" in make.__code__.co_names else coded
    model = model.fit(plain, table[TARGETS[task]]) or model
    example = pl.from_pandas(table)
    digest = package.save(model, tmp_path / "a", task=task, features=FEATURES, example=example)
    manifest.verify(tmp_path / "a", digest)

    loaded = predictor.load(tmp_path / "a")
    found = loaded.predict({name: example[name].to_list() for name in FEATURES})
    if task == "regression" or not hasattr(model, "predict_proba"):
        expected = model.predict(plain)
    else:
        expected = model.predict_proba(plain)[:, 1 if task == "binary" else slice(None)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    assert (loaded.spec["kind"], loaded.spec["task"]) == (kind, task)
    classes = {"binary": [0, 1], "multiclass": ["early", "fair", "late"], "regression": []}
    assert loaded.spec["classes"] == classes[task]


@pytest.fixture
def late(table, coded):
    return lightgbm.LGBMClassifier(**LIGHT).fit(coded, table["late"])


@pytest.fixture
def save(table, tmp_path):
    def saved(model, task="binary", features=FEATURES):
        return package.save(model, tmp_path / "a", task=task, features=features, example=table)

    return saved


@pytest.mark.parametrize("make", [make for _, task, make in MODELS if task == "binary"][::3])
def test_the_same_model_makes_the_same_artifact(make, table, coded, save):
    first = save(make().fit(coded, table["late"]))
    assert save(make().fit(coded, table["late"])) == first


class Own(ClassifierMixin, BaseEstimator):
    def fit(self, rows, target):
        self.classes_ = np.unique(target)
        return self

    def predict(self, rows):
        return np.zeros(len(rows))

    def predict_proba(self, rows):
        return np.full((len(rows), 2), 0.5)


def on_values(table):
    return lightgbm.LGBMClassifier(**LIGHT).fit(table[["hour"]].to_numpy(), table["late"])


def on_the_label(table):
    return lightgbm.LGBMClassifier(**LIGHT).fit(table[["hour", "delay"]], table["late"])


@pytest.mark.parametrize(
    ("make", "task", "message"),
    [
        (lambda t, c: {"a": 1}, "binary", "returned dict, which is no model"),
        (lambda t, c: OneHotEncoder().fit(t[["carrier"]]), "binary", "OneHotEncoder, which is no model"),
        (lambda t, c: Own().fit(c, t["late"]), "binary", r"the Own holds .*\.Own, and loading"),
        (
            lambda t, c: make_pipeline(
                FunctionTransformer(lambda rows: rows[["hour"]].fillna(0)), LogisticRegression()
            ).fit(c, t["late"]),
            "binary",
            "loading such a type could run any code",
        ),
        (lambda t, c: prepared(LinearSVC()).fit(c, t["late"]), "binary", "no predict_proba"),
        (lambda t, c: on_values(t), "binary", "fitted on 'Column_0', which is no feature"),
        (lambda t, c: on_the_label(t), "binary", "fitted on 'delay', which is no feature"),
        (
            lambda t, c: lightgbm.LGBMRegressor(**LIGHT).fit(c.astype({"hour": "category"}), t["delay"]),
            "regression",
            r"3 category columns, but the schema has 2 among its columns \(carrier, origin\)",
        ),
        (
            lambda t, c: lightgbm.LGBMRegressor(**LIGHT).fit(c, t["delay"]),
            "binary",
            "answers probabilities, but this one answers -",
        ),
        (lambda t, c: lightgbm.LGBMRegressor(**LIGHT).fit(c, t["delay"]), "multiclass", "one row of class"),
    ],
)
def test_what_cannot_be_kept_or_does_not_fit_is_named(make, task, message, table, coded, save):
    with pytest.raises(PipelineError, match=message):
        save(make(table, coded), task=task)


def test_a_package_that_answers_otherwise_is_refused(late, table, coded, save):
    class Wrong(lightgbm.Booster):
        def predict(self, data, **options):
            return super().predict(data, **options) * 0.999

    with pytest.raises(ArtifactError, match=r"answers otherwise than the model in memory: by up to 0\.000"):
        save(Wrong(model_str=late.booster_.model_to_string()))


def test_a_failed_save_leaves_nothing_that_verifies(late, save, tmp_path):
    digest = save(late)
    with pytest.raises(PipelineError):
        save(Own().fit(None, [0, 1]))
    with pytest.raises(ArtifactError):
        manifest.verify(tmp_path / "a", digest)


def test_a_plain_mlflow_client_loads_it_without_noria(late, table, coded, save, tmp_path):
    save(late)
    table[list(FEATURES)].to_parquet(tmp_path / "rows.parquet")
    script = (
        "import sys, json, pandas, mlflow.pyfunc\n"
        "model = mlflow.pyfunc.load_model(sys.argv[1])\n"
        "found = model.predict(pandas.read_parquet(sys.argv[2]))\n"
        "print(json.dumps([found.tolist(), sorted(m for m in sys.modules if m.startswith('noria'))]))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path / "a"), str(tmp_path / "rows.parquet")],
        capture_output=True, text=True, check=True, env={"MLFLOW_DISABLE_TELEMETRY": "true"}, cwd=tmp_path,
    )  # fmt: skip
    found, modules = json.loads(done.stdout)
    np.testing.assert_allclose(found, late.predict_proba(coded)[:, 1], rtol=0, atol=1e-9)
    assert {module.partition(".")[0] for module in modules} == {"noria_predictor"}
    requirements = (tmp_path / "a/requirements.txt").read_text().splitlines()
    assert f"lightgbm=={lightgbm.__version__}" in requirements
    example = json.loads(Path(tmp_path / "a/input_example.json").read_text())
    assert example["columns"] == list(FEATURES)
    assert len(example["data"]) == 5
