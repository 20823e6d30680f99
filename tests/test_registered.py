from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from noria.artifact import manifest
from noria.errors import ArtifactError, StateError
from noria.registered import find, verified
from noria.rows import VersionRow
from noria.testing import MemoryState


@pytest.fixture
def row(tmp_path: Path) -> VersionRow:
    artifact = tmp_path / "model"
    artifact.mkdir()
    (artifact / "model.txt").write_text("tree")
    digest = manifest.write(artifact)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return VersionRow(
        model="late", version=3, run="run", artifact=str(artifact), digest=digest, registered=now
    )


def test_a_version_is_found_by_its_number_or_as_the_champion(row: VersionRow) -> None:
    state = MemoryState()
    with pytest.raises(StateError, match="late has no champion yet"):
        find(state, "late")
    state.save_version(row)
    assert find(state, "late", 3) == row
    before = state.model("late")
    state.change(before, replace(before, champion=3), [])
    assert find(state, "late") == row
    with pytest.raises(StateError, match="late has no version 0; it has: 3"):
        find(state, "late", 0)


def test_an_artifact_that_is_altered_or_gone_is_refused(row: VersionRow, tmp_path: Path) -> None:
    assert verified(row, tmp_path) == Path(row.artifact)
    (tmp_path / "model" / "model.txt").write_text("another tree")
    with pytest.raises(ArtifactError, match=r"model\.txt was changed"):
        verified(row, tmp_path)
    with pytest.raises(ArtifactError, match="the artifact of late/3 is gone"):
        verified(replace(row, artifact=str(tmp_path / "nowhere")), tmp_path)
