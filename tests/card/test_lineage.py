"""Lineage, asked from both ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from noria.adapters.lake import Dataset
from noria.card.lineage import Batch, lineage
from noria.cli import app
from noria.errors import StateError
from noria.project.parse import load
from noria.wiring import state


def versions(root: Path, what: str) -> list[int]:
    project = load(root)
    return [each.version for each in lineage(project, state(project), what).versions]


def test_a_version_leads_to_all_that_it_was_made_from(made: Path) -> None:
    project = load(made)
    found = lineage(project, state(project), "2")
    (origin,) = found.versions
    assert (origin.version, origin.data_version, origin.rows, origin.gates) == (2, 2, 400, (2, 2))
    assert origin.parameters["seed"] == project.train.seed
    assert set(origin.hashes) >= {
        "artifact",
        "commit",
        "policy",
        "schema",
        "environment",
        "rows",
        "parameters",
    }
    assert found.batches == (
        Batch(data_version=1, origin="source", source="1.csv", rows=400),
        Batch(data_version=2, origin="feedback", source="shop", rows=10),
    )


@pytest.mark.parametrize("name", ["commit", "policy", "schema", "environment", "artifact", "rows"])
def test_every_hash_leads_back_to_its_versions(made: Path, name: str) -> None:
    project = load(made)
    known = lineage(project, state(project)).versions
    for origin in known:
        same = [each.version for each in known if each.hashes[name] == origin.hashes[name]]
        assert versions(made, origin.hashes[name][:12]) == same
    assert len({origin.hashes["artifact"] for origin in known}) == 2


def test_a_data_version_leads_to_its_rows_and_to_the_versions_that_hold_them(made: Path) -> None:
    assert versions(made, "data/1") == [1, 2]
    assert versions(made, "data/2") == [2]
    project = load(made)
    assert [batch.source for batch in lineage(project, state(project), "data/2").batches] == ["shop"]


@pytest.mark.parametrize("what", ["7", "data/9", "c0ff", "0" * 12, "other/1"])
def test_what_nobody_knows_is_refused_with_what_is_allowed(made: Path, what: str) -> None:
    with pytest.raises(StateError, match=r'nothing is known of ".*"; allowed: a version \(1, 2\)'):
        versions(made, what)


def test_on_the_terminal_and_as_json(root: Path) -> None:
    runner = CliRunner()
    told = runner.invoke(app, ["lineage", "delay/2"]).output
    assert "hash of policy" in told
    assert "shop" in told
    every = runner.invoke(app, ["lineage"]).output
    assert [line.split()[0] for line in every.splitlines()] == ["version", "1", "2"]
    asked = runner.invoke(app, ["lineage", "data/2", "--json"])
    assert [each["version"] for each in json.loads(asked.output)["versions"]] == [2]


def test_data_that_no_version_has_learnt_from_yet(
    tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = load(shutil.copytree(made, tmp_path / "delay"))
    rows = pl.DataFrame({"age": [1.0], "income": [2.0], "city": ["Chur"], "late": [1], "_id": ["new"]})
    Dataset(project.home / "lake", project.data).append({"feedback": rows})
    monkeypatch.chdir(project.root)
    assert "no version has learnt from it" in CliRunner().invoke(app, ["lineage", "data/3"]).output
