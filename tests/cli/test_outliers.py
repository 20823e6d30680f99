"""noria outliers: what it shows of a day's predictions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from noria.cli import app
from noria.core.bounds import Bounds
from noria.core.outliers import learn
from noria.delta import Table
from noria.errors import ProjectError, StateError
from noria.monitor import outliers
from noria.project.infer import infer
from noria.project.parse import load
from noria.project.scaffold import Examples, write_project
from noria.rows import VersionRow
from noria.wiring import state

AT = datetime(2026, 11, 22, 6, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose version 1 learnt from x between 0 and 30, and answered 0, 700 and 15."""
    root = tmp_path / "churn"
    (root / "data").mkdir(parents=True)
    frame = pl.DataFrame({"x": [row * 7 % 31 for row in range(100)], "y": [0, 1] * 50})
    frame.write_csv(root / "data/1.csv")
    write_project(root, None, Examples(source="data/*.csv", label="y"), infer(frame, label="y"))
    (root / "lineage").mkdir()
    detector, _ = learn({"x": np.arange(31.0).repeat(50)}, frozenset("x"))
    outliers.save(Bounds(detector=detector), root / "lineage")
    version = VersionRow(
        model="churn", version=1, run="r", artifact=str(root / "model"), digest="d", registered=AT
    )
    state(load(root)).save_version(version)
    sent = pl.DataFrame({"id": ["a", "b", "c"], "at": [AT] * 3, "x": [0.0, 700.0, 15.0]})
    rows = sent.with_columns(
        version=pl.lit(1, pl.Int64), role=pl.lit("champion"), _day=pl.col("at").dt.date()
    )
    Table(load(root).home / "lake" / "predictions", by_day=True).append(rows, {})
    monkeypatch.chdir(root)
    return root


def test_the_worst_of_the_last_day_come_first_with_what_they_held(project: Path) -> None:
    shown = CliRunner().invoke(app, ["outliers", "--limit", "2"]).output.splitlines()
    assert [line.split()[0] for line in shown] == ["id", "b", "a"]
    assert "x = 700" in shown[1]
    first, *_ = json.loads(CliRunner().invoke(app, ["outliers", "--json"]).output)
    assert (first["id"], first["sent"]) == ("b", {"x": 700.0})
    assert first["score"] > first["limit"]


def test_a_day_without_predictions_is_told(project: Path) -> None:
    assert isinstance(CliRunner().invoke(app, ["outliers", "--day", "2026-11-01"]).exception, StateError)
    wrong = CliRunner().invoke(app, ["outliers", "--day", "yesterday"]).exception
    assert isinstance(wrong, ProjectError)
    assert "2013-02-01" in str(wrong)


def test_a_version_without_bounds_scores_nothing(project: Path) -> None:
    (project / "lineage" / "bounds.msgpack").unlink()
    done = CliRunner().invoke(app, ["outliers"])
    assert "no version of that day" in done.output
