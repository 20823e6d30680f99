from __future__ import annotations

import hashlib
import http.client
import json
import re
import socket
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import requires
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest
from packaging.requirements import Requirement

from noria.adapters.gateways import PlanFile
from noria.adapters.registry import Registry
from noria.artifact import manifest, package, predictor
from noria.core.traffic import Arm, Plan
from noria.errors import ArtifactError
from noria.rows import RunRow, Training

# MLflow uses what SQLAlchemy has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")

ROOT = Path(__file__).parents[2]
NOW = datetime(2013, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def customers():
    random = np.random.default_rng(7)
    age = np.where(random.random(400) < 0.1, np.nan, random.normal(40, 12, 400))
    return pd.DataFrame({"age": age, "plan": pd.Categorical(random.choice(["free", "plus", "pro"], 400))})


@pytest.fixture(scope="module")
def trainings(tmp_path_factory, customers):
    """Two small models: the one that ships, and its twin."""
    churned = (customers["age"].fillna(30) < 38) ^ (customers["plan"] == "pro")
    made = []
    for trees in (6, 3):
        model = lightgbm.LGBMClassifier(n_estimators=trees, min_child_samples=5, verbosity=-1)
        directory = tmp_path_factory.mktemp("artifact") / "model"
        kinds = {"age": "number", "plan": "category"}
        model.fit(customers, churned)
        digest = package.save(model, directory, task="binary", features=kinds, example=customers[:20])
        made.append(Training(artifact=str(directory), digest=digest, rows=400, seconds=0.1, steps=()))
    return made


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A home with an empty registry: MLflow takes two seconds to make one."""
    home = tmp_path_factory.mktemp("empty")
    Registry(home)
    return home


@pytest.fixture
def home(empty, tmp_path):
    (tmp_path / "mlflow.db").write_bytes((empty / "mlflow.db").read_bytes())
    return tmp_path


def run(name):
    return RunRow(
        id=name, model="churn", trigger="commit", reason="", status="running", stage="register", started=NOW
    )


def register(registry, name, trainings, **changes):
    shipped, twin = trainings
    said = {
        "params": {"learning_rate": 0.1, "search": {"trials": 3}},
        "metrics": {"auc": 0.7, "p": float("nan")},
        "tags": {"commit": "c0ffee", "data_version": "3"},
        "facts": {"data_version": 3},
        "now": NOW,
        **changes,
    }
    return registry.register(run(name), shipped, twin, **said)


def test_a_version_is_registered_with_all_that_is_known_of_it(home, tmp_path, trainings):
    registry = Registry(home)
    (tmp_path / "dirty.diff").write_text("- a\n+ b\n")
    row = register(registry, "run-1", trainings, attachments=[tmp_path / "dirty.diff"])
    assert (row.model, row.version, row.run, row.registered) == ("churn", 1, "run-1", NOW)
    assert row.facts == {"data_version": 3, "twin": str(Path(row.artifact).parent / "twin")}
    manifest.verify(Path(row.artifact), row.digest)
    manifest.verify(Path(row.facts["twin"]), trainings[1].digest)
    assert (Path(row.artifact).parent / "lineage" / "dirty.diff").read_text() == "- a\n+ b\n"

    version = registry._client.get_model_version("churn", "1")
    kept = registry._client.get_run(version.run_id)
    assert version.source == row.artifact
    assert kept.info.status == "FINISHED"
    assert kept.data.params == {"learning_rate": "0.1", "search": "{'trials': 3}"}
    assert kept.data.metrics["auc"] == 0.7
    assert {**kept.data.tags, **version.tags}.items() >= {"commit": "c0ffee", "data_version": "3"}.items()


def test_each_run_makes_one_version(home, trainings):
    registry = Registry(home)
    first = register(registry, "run-1", trainings)
    assert register(registry, "run-1", trainings, now=NOW + timedelta(hours=1)) == first
    assert register(registry, "run-2", trainings).version == 2
    assert register(Registry(home), "run-1", trainings) == first


class Crash(BaseException):
    """The process ends here."""


class Mortal:
    """A client that is no more after some calls: the last one is done, and nobody hears of it."""

    def __init__(self, client, calls):
        self._client, self._calls = client, calls

    def __getattr__(self, name):
        def call(*args, **kwargs):
            result = getattr(self._client, name)(*args, **kwargs)
            self._calls -= 1
            if not self._calls:
                raise Crash
            return result

        return call


def test_a_crash_between_any_two_calls_leaves_no_second_version(home, trainings):
    registry = Registry(home)
    client, crashes = registry._client, 0
    while True:
        registry._client = Mortal(client, crashes + 1)
        try:
            # Each time the same run gets one call further, since what was done before is done again or found.
            row = register(registry, f"run-{crashes}", trainings)
        except Crash:
            registry._client = client
            assert register(registry, f"run-{crashes}", trainings).version == crashes + 1
            crashes += 1
        else:
            break
    assert crashes >= 8  # run, its log, two artifacts, its end, the version, and what is looked up before
    assert row.version == crashes + 1
    assert len(client.search_model_versions("name = 'churn'")) == crashes + 1


def test_an_artifact_that_is_not_what_was_trained_is_refused(home, trainings):
    registry = Registry(home)
    shipped, twin = trainings
    with pytest.raises(ArtifactError, match="digest"):
        register(registry, "run-1", (replace(shipped, digest="0" * 64), twin))
    assert registry._client.search_model_versions("name = 'churn'") == []


def test_the_alias_follows_the_control_state(home, trainings):
    registry = Registry(home)
    for name in ("run-1", "run-2"):
        register(registry, name, trainings)
    moves = [registry.point("churn", champion) for champion in (None, 1, 1, 2, None, 2)]
    assert moves == [False, True, False, True, True, True]
    assert registry._client.get_model_version_by_alias("churn", "champion").version in (2, "2")


# --- A plain MLflow client, in an environment without noria ----------------------------------------------

CLIENT = """
import json, sys
import mlflow, pandas as pd
uri, model, rows, outputs = sys.argv[1:]
assert "noria" not in sys.modules
mlflow.set_tracking_uri(uri)
loaded = mlflow.pyfunc.load_model(model)
frame = pd.DataFrame(json.load(open(rows))).astype({"age": "float64", "plan": "str"})
json.dump({
    "outputs": loaded.predict(frame).tolist(),
    "example": loaded.predict(loaded.input_example).tolist(),
    "inputs": loaded.metadata.signature.inputs.to_dict(),
}, open(outputs, "w"))
"""


@pytest.fixture(scope="module")
def plain_python():
    """Make an environment of the locked releases of MLflow's client and LightGBM, kept for the next time."""
    wanted = _locked(_closure(["mlflow-skinny", "pandas", "lightgbm", "sqlalchemy", "alembic"]))
    venv = ROOT / ".venv" / "plain-mlflow"
    ready = venv / hashlib.sha256(wanted.encode()).hexdigest()[:16]
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        (venv / "requirements.txt").write_text(wanted)
        command = [venv / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        command += ["--require-hashes", "--no-deps", "--no-compile", "-r", venv / "requirements.txt"]
        subprocess.run(command, check=True)
        ready.touch()
    return venv / "bin" / "python"


def _closure(names):
    """Return the names of these distributions and of all that they need here."""
    found, left = set(), list(names)
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if name not in found:
            found.add(name)
            needs = map(Requirement, requires(name) or [])
            left += [each.name for each in needs if not each.marker or each.marker.evaluate({"extra": ""})]
    return found


def _locked(names):
    """Return the lock's lines, with their hashes, for these distributions."""
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text())
    return "\n".join(block for block in blocks if block.split("==")[0] in names)


@pytest.mark.timeout(600)  # the first time it installs what it needs
def test_a_plain_mlflow_client_predicts_the_same(home, customers, trainings, plain_python):
    registry = Registry(home)
    row = register(registry, "run-1", trainings)
    registry.point("churn", row.version)
    rows = {
        "age": [None if np.isnan(age) else age for age in customers["age"][:50]],
        "plan": [str(plan) for plan in customers["plan"][:50]],
    }
    (home / "rows.json").write_text(json.dumps(rows))
    command = [plain_python, "-c", CLIENT, f"sqlite:///{home}/mlflow.db", "models:/churn@champion"]
    command += [home / "rows.json", home / "outputs.json"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads((home / "outputs.json").read_text())
    assert answer["outputs"] == predictor.load(row.artifact).predict(rows).tolist()
    assert answer["outputs"] == gateway_answers(home, row, rows)
    assert answer["example"] == answer["outputs"][:5]  # the example is the first rows of the training
    assert [each["name"] for each in answer["inputs"]] == ["age", "plan"]
    manifest.verify(Path(row.artifact), row.digest)  # loading it changed nothing that counts


def gateway_answers(home, row, rows):
    """Return what a gateway whose champion is this version answers, over HTTP."""
    only = Plan(model="churn", number=1, salt="s", arms=(Arm(version=row.version, share=100),))
    PlanFile(home).publish(only, {row.version: row})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    model = f"ModelSettings(home=Path({str(home)!r}), name='churn')"
    settings = f"Settings(models=({model},), port={port})"
    code = "from pathlib import Path; from noria.clock import WallClock; "
    code += "from noria.gateway.keeper import run; from noria.gateway.settings import *"
    gateway = subprocess.Popen([sys.executable, "-c", f"{code}; run({settings}, WallClock())"])
    try:
        deadline = time.monotonic() + 60
        while not PlanFile(home).loaded(row.version):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        body = json.dumps(
            {"dataframe_split": {"columns": list(rows), "data": [*zip(*rows.values(), strict=True)]}}
        )
        link = http.client.HTTPConnection("127.0.0.1", port)
        link.request("POST", "/invocations", body, {"Content-Type": "application/json"})
        with link.getresponse() as response:
            return json.load(response)["predictions"]
    finally:
        link.close()
        gateway.terminate()
        gateway.wait()
