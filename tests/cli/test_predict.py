"""noria predict on a real project, beside the gateway that serves the same version."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import lightgbm
import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from noria.adapters.gateways import PlanFile
from noria.artifact import package
from noria.cli import app
from noria.core.traffic import Arm, Plan
from noria.errors import StateError
from noria.project.infer import infer
from noria.project.parse import load
from noria.project.scaffold import Examples, write_project
from noria.rows import Entry, VersionRow
from noria.wiring import state

NOW = datetime(2026, 11, 23, tzinfo=UTC)
FEATURES = {"hour": "number", "carrier": "category"}


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without a version, with flights.csv."""
    random = np.random.default_rng(0)
    table = pl.DataFrame(
        {
            "flight": range(50),
            "hour": [None if value > 20 else float(value) for value in random.uniform(0, 24, 50)],
            "carrier": random.choice(["AA", "UA", "WN"], 50),
            "late": random.choice([0, 1], 50),
        }
    )
    root = tmp_path / "late"
    root.mkdir()
    table.write_csv(root / "flights.csv")
    write_project(root, None, Examples(source="*.csv", label="late"), infer(table, label="late"))
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def project(empty: Path) -> Path:
    """The same with the versions 1 and 2, of which 2 is the champion."""
    table = pl.read_csv(empty / "flights.csv")
    rows = table.to_pandas()[list(FEATURES)].astype({"carrier": "category"})
    store = state(load(empty))
    for number in (1, 2):
        labels = rows["hour"].fillna(0) > 6 * number
        model = lightgbm.LGBMClassifier(n_estimators=5, min_child_samples=2, verbose=-1, n_jobs=1)
        artifact = empty.parent / f"model-{number}"
        digest = package.save(
            model.fit(rows, labels), artifact, task="binary", features=FEATURES, example=table
        )
        store.save_version(
            VersionRow(
                model="late",
                version=number,
                run=f"r{number}",
                artifact=str(artifact),
                digest=digest,
                registered=NOW,
            )
        )
    before = store.model("late")
    plan = Plan(model="late", number=1, salt="s", arms=(Arm(version=2, share=100),))
    store.change(
        before,
        replace(before, champion=2, plan=plan),
        [Entry(at=NOW, actor="policy", kind="promote", body={"version": 2, "reason": "first"})],
    )
    PlanFile(empty / ".noria").publish(plan, {2: store.version("late", 2)})
    return empty


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["predict", *words])
    if done.exception:
        raise done.exception
    return done.stdout


def test_a_file_is_predicted_as_the_gateway_predicts_its_rows(project):
    said = run("flights.csv", "--id", "flight")
    assert said.startswith("50 rows predicted by late/2 in ")
    assert said.endswith(" s: flights.predictions.parquet\n")
    made = pl.read_parquet("flights.predictions.parquet")
    assert made["id"].to_list() == [str(row) for row in range(50)]
    assert made["version"].unique().to_list() == [2]

    table = pl.read_csv("flights.csv")
    with gateway() as connection:
        body = {"dataframe_split": {"columns": list(FEATURES), "data": table.select(list(FEATURES)).rows()}}
        connection.request("POST", "/invocations", json.dumps(body), {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
    assert made["prediction"].to_list() == answer["predictions"]


def test_nothing_is_recorded(project):
    before = sorted((project / ".noria").rglob("[!s]*"))  # all but the state, which is looked at
    run("flights.csv", "--id", "flight", "--out", "table")
    assert sorted(pl.read_delta("table")["id"].cast(int)) == list(range(50))
    assert sorted((project / ".noria").rglob("[!s]*")) == before


def test_another_version_can_be_asked_and_json_tells_what_was_done(project):
    run("flights.csv")
    said = json.loads(run("flights.csv", "--version", "1", "--out", "other.parquet", "--json"))
    assert (said["rows"], said["version"], said["out"]) == (50, 1, "other.parquet")
    champion, other = pl.read_parquet("flights.predictions.parquet"), pl.read_parquet("other.parquet")
    assert champion.columns == ["prediction", "version"]
    assert champion["prediction"].to_list() != other["prediction"].to_list()
    with pytest.raises(StateError, match="late has no version 3"):
        run("flights.csv", "--version", "3")


def test_without_a_champion_nothing_can_be_predicted(empty):
    with pytest.raises(StateError, match="late has no champion yet"):
        run("flights.csv")


@contextmanager
def gateway() -> Iterator[HTTPConnection]:
    """A connection to a gateway of the project in the working directory, once it is ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "noria", "gateway", "--port", str(port)], env=os.environ
    )
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        deadline = time.monotonic() + 60
        while not _ready(connection):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        yield connection
    finally:
        connection.close()
        process.terminate()
        process.wait(20)


def _ready(connection: HTTPConnection) -> bool:
    try:
        connection.request("GET", "/v2/health/ready")
        answer = connection.getresponse()
        answer.read()
    except OSError:
        connection.close()
        return False
    return answer.status == 200
