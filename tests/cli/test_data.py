"""`noria data`: what it shows, and what it says where there is nothing to show."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from noria.adapters.lake import Dataset
from noria.adapters.supervisor import only_one
from noria.cli import app
from noria.errors import NoriaError, Unavailable
from noria.project.infer import infer
from noria.project.parse import load
from noria.project.scaffold import Examples, write_project
from noria.wiring import state

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def said(*words: str) -> Result:
    return CliRunner().invoke(app, ["data", *words], catch_exceptions=False)


def table(first: int, count: int) -> pl.DataFrame:
    """Rows an hour apart, whose label says whether x is above 15."""
    numbers = range(first, first + count)
    return pl.DataFrame(
        {
            "who": [f"w{n}" for n in numbers],
            "at": [BEGIN + timedelta(hours=n) for n in numbers],
            "x": [float(n * 7 % 31) for n in numbers],
            "y": [int(n * 7 % 31 > 15) for n in numbers],
        }
    )


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two data versions, from two files."""
    root = tmp_path / "churn"
    (root / "data").mkdir(parents=True)
    table(0, 400).write_csv(root / "data" / "1.csv")
    shape = infer(table(0, 400), label="y", time="at", entity="who")
    write_project(root, None, Examples(source="data/*.csv", label="y", time="at", entity="who"), shape)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *words], cwd=root, check=True)
    dataset = Dataset(root / ".noria" / "lake", load(root).data)
    for number, first in enumerate((0, 400), 1):
        dataset.append({"source": table(first, 400).with_columns(_source=pl.lit(f"{number}.csv"))})
    monkeypatch.chdir(root)
    return root


def test_versions_report_and_difference_are_shown(root: Path) -> None:
    assert "400" in said("list").output
    assert json.loads(said("list", "--json").output)[1]["sources"] == {"2.csv": 400}
    shown = said("check").output
    assert "data version 2: 800 rows" in shown
    assert (root / ".noria" / "reports" / "data-2.json").exists()
    assert json.loads(said("check", "1", "--quick", "--json").output)["duplicates"] is None
    assert "from data version 1 to 2: 400 rows added, 0 removed" in said("diff", "1", "2").output


def test_an_experiment_and_the_value_of_sources_train_the_pipeline(root: Path) -> None:
    made = json.loads(said("experiment", "1", "2", "--json").output)
    assert made["rows"][0] == 400
    shown = said("value").output
    assert "1.csv" in shown
    assert "2.csv" in shown


def test_a_removal_is_in_the_ledger_without_the_value(root: Path) -> None:
    assert "1 rows would be removed" in said("remove", "--entity", "w7", "--dry-run").output
    shown = said("remove", "--entity", "w7", "--yes", "-m", "asked to be forgotten").output
    assert "1 rows removed: data version 3" in shown
    assert "--purge" in shown
    entry = state(load(root)).ledger("churn")[-1]
    assert (entry["kind"], entry["body"]["reason"]) == ("rows removed", "asked to be forgotten")
    assert "w7" not in json.dumps(entry)
    assert "purged" in said("remove", "--where", "_source=2.csv", "--yes", "--purge").output
    assert json.loads(said("list", "--json").output)[1]["added"] == 0


def test_rows_must_be_told_in_one_way(root: Path) -> None:
    with pytest.raises(NoriaError, match="which rows"):
        said("remove", "--yes")
    with pytest.raises(NoriaError, match="which rows"):
        said("remove", "--entity", "w7", "--id", "p1", "--yes")
    with pytest.raises(NoriaError, match="which rows"):
        said("remove", "--where", "x", "--yes")


def test_while_noria_is_up_nothing_is_removed_and_nobody_asked(root: Path) -> None:
    with (
        only_one(root / ".noria" / "controller.lock"),
        pytest.raises(Unavailable, match="end it first, with Ctrl-C"),
    ):
        said("remove", "--entity", "w7")
    assert "1 rows would be removed" in said("remove", "--entity", "w7", "--dry-run").output
