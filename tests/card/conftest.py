"""A project whose second version serves: real artifacts, signed, with their lineage and some mature days."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier

from noria.adapters.lake import Dataset
from noria.artifact import lineage, package, signature
from noria.card import provenance
from noria.card.record import Record, gather
from noria.core.gates import Outcome, Verdict
from noria.core.traffic import Arm, Plan
from noria.monitor import reference
from noria.project.infer import infer
from noria.project.parse import load
from noria.project.policy import policy_digest
from noria.project.scaffold import Examples, write_project
from noria.project.table import read_schema
from noria.rows import (
    AlertRow,
    CohortRow,
    Entry,
    ModelRow,
    QualityRow,
    RunRow,
    StepRecord,
    Training,
    VersionRow,
)
from noria.wiring import state

NOW = datetime(2026, 11, 23, 6, 12, tzinfo=UTC)
FEATURES = {"age": "number", "income": "number", "city": "category"}
VERDICTS = (
    Verdict(gate="enough-rows", outcome=Outcome.PASSED, reason="200 rows held out"),
    Verdict(gate="weak-slices", outcome=Outcome.PASSED, reason="city = Chur is the weakest | as before"),
)


def rows(count: int) -> pl.DataFrame:
    random = np.random.default_rng(count)
    age, city = random.uniform(18, 80, count), random.choice(["Bern", "Basel", "Chur"], count)
    return pl.DataFrame(
        {
            "age": age,
            "income": random.lognormal(10, 0.5, count),
            "city": city,
            "late": (random.random(count) < 1 / (1 + np.exp(-(age - 50) / 8))).astype(int),
        }
    )


def make(root: Path) -> None:
    """Write the project, with a model of its rows in two versions, and what is recorded of both."""
    (root / "data").mkdir(parents=True)
    frame = rows(400)
    frame.write_csv(root / "data/1.csv")
    write_project(root, None, Examples(source="data/*.csv", label="late"), infer(frame, label="late"))
    with (root / "noria.toml").open("a") as file:
        file.write('\n[monitor]\nslices = ["city"]\nsensitive = ["city"]\n')
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *words], cwd=root, check=True)
    store = state(load(root))
    dataset = Dataset(root / ".noria" / "lake", load(root).data)
    dataset.append({"source": frame.with_columns(_source=pl.lit("1.csv"))})
    told = rows(10).with_columns(_id=pl.int_range(10).cast(pl.String), _source=pl.lit("shop"))
    dataset.append({"feedback": told})
    for number in (1, 2):
        register(root, number, frame)
    plan = Plan(model="delay", number=1, salt="s", arms=(Arm(version=2, share=100),))
    promoted = Entry(at=NOW, actor="ada", kind="promoted", body={"version": 2, "reason": "it is better"})
    store.change(store.model("delay"), ModelRow(name="delay", champion=2, plan=plan), [promoted])
    serve(root)


def register(root: Path, number: int, frame: pl.DataFrame) -> None:
    """Register a version as a run does, without MLflow."""
    project = load(root)
    store, run = state(project), f"run{number}"
    run_dir, home = project.home / "runs" / run, project.home / "mlartifacts" / str(number)
    (run_dir / "rows").mkdir(parents=True)
    shutil.copytree(root, run_dir / "checkout", ignore=shutil.ignore_patterns(".*"))
    full = frame.with_columns(_time=pl.int_range(frame.height), _version=pl.lit(number))
    full.write_parquet(run_dir / "rows" / "full-all.parquet")
    full.tail(200).write_parquet(run_dir / "rows" / "holdout.parquet")
    model = LGBMClassifier(n_estimators=5 * number, verbosity=-1, n_jobs=1)
    model.fit(frame.select(*FEATURES).to_pandas().astype({"city": "category"}), frame["late"].to_pandas())
    digest = package.save(model, home / "model", task="binary", features=FEATURES, example=frame.head(50))
    steps = (StepRecord(name="model", key="k" * 64, cached=False, seconds=0.1, output="o" * 64),)
    shipped = Training(artifact=str(home / "model"), digest=digest, rows=400, seconds=0.5, steps=steps)
    facts = {
        "metrics": {"log_loss": 0.5, "auc": 0.8}, "daily": {"log_loss": [0.4, 0.6], "auc": [0.75, None]},
        "window": "all", "learnt": "399", "holdout_from": "200", "holdout_rows": 200,
        "commit": "c0ffee" + "0" * 34, "data_version": number, "policy": policy_digest(project),
        "train_seconds": 0.5,
    }  # fmt: skip
    row = RunRow(
        id=run, model="delay", trigger="manual", reason="asked by ada", status="registered", stage="register",
        started=NOW, ended=NOW, commit=facts["commit"], data_version=number, version=number,
        verdicts=VERDICTS, facts={**facts, "quarantined": 3},
    )  # fmt: skip
    (home / lineage.FOLDER).mkdir()
    schema = read_schema(root)
    provenance.save(provenance.record(project, schema, row, shipped, run_dir), home / lineage.FOLDER)
    reference.save(reference.build(full, FEATURES, home / "model"), home / lineage.FOLDER)
    signature.sign(home / "model", project.home, lineage.place(home / "model", signature.NAME))
    found = run_dir / "gates" / "01-weak-slices"
    found.mkdir(parents=True)
    (found / "finding.json").write_text('{"rows": [{"slice": "city = Chur", "loss": 0.71234}]}')
    version = VersionRow(
        model="delay", version=number, run=run, artifact=str(home / "model"), digest=digest,
        registered=NOW, facts=facts,
    )  # fmt: skip
    judged = Entry(
        at=NOW, actor="noria", kind="judged", body={"run": run, "verdicts": VERDICTS, "passed": True}
    )
    store.save_version(version, row, [judged])


def serve(root: Path) -> None:
    """Let the second version have ten mature days, of which the last one opened an alert."""
    project = load(root)
    store = state(project)
    scores = tuple(map(tuple, np.array([[40.0, 60], [40, 60], [8, 42], [10, 40], [20, 30]]).tolist()))
    counts = {
        "Bern": (50.0, 50.0, 20.0, 10.0, 12.0, 8.0, 2.0),
        "Chur": (50.0, 50.0, 30.0, 30.0, 30.0, 25.0, 5.0),
    }
    days = [f"2026-11-{day:02}" for day in range(1, 11)]
    quality, cohorts = [], []
    for place, day in enumerate(days):
        common = {"model": "delay", "day": day, "version": 2, "role": "champion", "predictions": 100}
        metrics = {"log_loss": 0.5 + place / 100}
        quality.append(QualityRow(**common, rows=100, metrics=metrics))
        cohorts.append(
            CohortRow(**common, metrics=metrics, delays=(100,), scores=scores, segments={"city": counts})
        )
    store.save_quality(quality, cohorts)
    opened = datetime(2026, 11, 10, 9, tzinfo=UTC)
    store.save_alert(
        AlertRow(
            model="delay", id="a1", version=2, about="inputs", severity="warning", title="age has drifted",
            opened=opened, last_seen=opened,
        )
    )  # fmt: skip


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, which nobody may change."""
    root = tmp_path_factory.mktemp("card") / "delay"
    make(root)
    return root


@pytest.fixture
def root(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(made)
    return made


@pytest.fixture(scope="session")
def record(made: Path) -> Record:
    project = load(made)
    return gather(project, state(project), None, NOW)
