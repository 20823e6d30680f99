from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from noria.card import provenance
from noria.card.record import Record, gather
from noria.errors import ArtifactError, StateError
from noria.project.parse import load
from noria.project.policy import policy_digest
from noria.wiring import state

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_version_that_is_not_there_is_refused_with_those_that_are(made: Path) -> None:
    project = load(made)
    with pytest.raises(StateError, match=r"no version 7; it has: 1, 2"):
        gather(project, state(project), 7, NOW)


def test_each_version_has_its_own_record(made: Path) -> None:
    project = load(made)
    first = gather(project, state(project), 1, NOW)
    assert (first.row.version, first.role, first.service, first.alerts) == (1, "", None, ())
    assert {entry["body"].get("run") for entry in first.entries} == {"run1"}


def test_a_version_whose_artifact_is_gone_says_so(made: Path, tmp_path: Path) -> None:
    project = load(shutil.copytree(made, tmp_path / "delay"))
    store = state(project)
    row = store.version("delay", 1)
    assert row
    store.save_version(replace(row, version=3, artifact="/nowhere/model"))
    with pytest.raises(ArtifactError, match=r"the artifact of delay/3 is gone: there is no /nowhere/model"):
        gather(project, store, 3, NOW)


def test_provenance_is_what_it_was_when_it_was_kept(record: Record, tmp_path: Path) -> None:
    made = record.made_from
    assert made
    (tmp_path / "lineage").mkdir()
    provenance.save(made, tmp_path / "lineage")
    assert provenance.load(tmp_path / "model") == made
    assert provenance.load(tmp_path / "elsewhere" / "model") is None
    (tmp_path / "lineage" / provenance.NAME).write_text("{")
    with pytest.raises(ArtifactError, match=r"provenance\.json is damaged"):
        provenance.load(tmp_path / "model")


def test_a_policy_has_another_digest_when_it_decides_otherwise(made: Path) -> None:
    project = load(made)
    assert policy_digest(project) == policy_digest(replace(project, owner="somebody else"))
    assert policy_digest(project) != policy_digest(replace(project, gates=project.gates[1:]))
