"""noria explain: what it shows of a prediction and of a version."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier
from typer.testing import CliRunner

from noria.artifact import background, manifest, package
from noria.artifact.lineage import FOLDER
from noria.artifact.model import Model
from noria.cli import app
from noria.delta import Table
from noria.errors import NoriaError, ProjectError, StateError
from noria.monitor import reference
from noria.project.infer import infer
from noria.project.parse import load
from noria.project.scaffold import Examples, write_project
from noria.rows import VersionRow
from noria.wiring import state

KINDS = {"x": "number", "y": "number"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose version 1 learnt that x alone matters, and has answered id-0 to id-49."""
    root = tmp_path / "churn"
    (root / "data").mkdir(parents=True)
    random = np.random.default_rng(0)
    begin = datetime(2026, 11, 20, tzinfo=UTC)
    frame = pl.DataFrame({"x": random.normal(size=500).round(3), "y": random.normal(size=500).round(3)})
    frame = frame.with_columns(left=(pl.col("x") > 0).cast(int))
    frame.write_csv(root / "data/1.csv")
    write_project(root, None, Examples(source="data/*.csv", label="left"), infer(frame, label="left"))
    model = LGBMClassifier(n_estimators=10, verbosity=-1, n_jobs=1).fit(
        frame.select("x", "y").to_pandas(), frame["left"]
    )
    package.save(model, root / "model", task="binary", features=KINDS, example=frame.head(9).to_pandas())
    (root / FOLDER).mkdir()
    timed = frame.with_columns(_time=pl.int_range(pl.len()))
    sample = background.save(timed, list(KINDS), root / FOLDER)
    reference.save(reference.build(timed, KINDS, root / "model"), root / FOLDER)
    version = VersionRow(
        model="churn",
        version=1,
        run="r",
        artifact=str(root / "model"),
        digest=manifest.digest(root / "model"),
        registered=begin,
        facts={"background": background.digest(sample)},
    )
    state(load(root)).save_version(version)
    asked = frame.head(50).drop("left")
    answered = asked.with_columns(
        id=pl.format("id-{}", pl.int_range(pl.len())),
        at=pl.lit(begin + timedelta(hours=1)),
        entity=pl.lit("e"),
        model=pl.lit("churn"),
        version=pl.lit(1, pl.Int64),
        role=pl.lit("champion"),
        output=pl.Series(Model(root / "model").predict(asked)),
        _day=pl.lit(begin.date()),
    )
    Table(load(root).home / "lake" / "predictions", by_day=True).append(answered, {})
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def ask() -> Callable[..., Any]:
    def run(*arguments: str) -> str:
        found = CliRunner().invoke(app, ["explain", *arguments], env={"COLUMNS": "120"})
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception
        return found.output

    return run


def test_the_column_that_matters_comes_first_and_all_add_up(project: Path, ask) -> None:
    told = json.loads(ask("id-7", "--json"))["explanation"]
    assert told["parts"][0]["column"] == "x"
    assert told["base"] + sum(part["contribution"] for part in told["parts"]) == pytest.approx(
        told["score"], abs=1e-6
    )
    lines = ask("id-7").splitlines()
    assert lines[0].startswith("churn/1 answered 0.")
    assert "│" in lines[1]
    assert "x " in lines[1]
    assert "the sum: log-odds" in lines[4]
    assert told["background"][:12] in lines[-1]


def test_flips_need_the_word_of_the_project(project: Path, ask) -> None:
    with pytest.raises(ProjectError, match=r"explain.changeable"):
        ask("id-7", "--flip")
    file = project / "noria.toml"
    file.write_text(file.read_text() + '\n[explain]\nchangeable = ["x"]\n')
    (flip,) = json.loads(ask("id-7", "--flip", "--json"))["flips"]
    (change,) = flip["changes"]
    assert (change["before"] > 0) != (change["after"] > 0)
    assert "→" in ask("id-7", "--flip")


def test_a_feature_that_is_none_cannot_be_changeable(project: Path) -> None:
    file = project / "noria.toml"
    text = file.read_text()
    file.write_text(text + '\n[explain]\nchangeable = ["z"]\n')
    if "features" in text:
        with pytest.raises(ProjectError, match=r'explain.changeable\[0\]: found "z"'):
            load(project)


def test_an_unknown_id_and_no_id_at_all(project: Path, ask) -> None:
    with pytest.raises(StateError, match="no prediction nobody of the model churn"):
        ask("nobody")
    with pytest.raises(NoriaError, match="one of the two"):
        ask()
    with pytest.raises(NoriaError, match="one of the two"):
        ask("id-7", "--version", "1")


def test_what_a_version_goes_by(project: Path, ask) -> None:
    shares = json.loads(ask("--version", "1", "--json"))["1"]
    assert list(shares) == ["x", "y"]
    assert shares["x"] > 0.9
    assert ask("--version", "1", "--against", "1").splitlines()[1].split()[-1] == "+0.0%"
    with pytest.raises(StateError, match="churn has no version 9; it has: 1"):
        ask("--version", "9")
