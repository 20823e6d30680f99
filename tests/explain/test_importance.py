from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from noria.artifact.lineage import FOLDER
from noria.core.profile.grid import Grid
from noria.core.profile.reference import Reference
from noria.errors import ArtifactError
from noria.explain.importance import difference, importance, picture
from noria.monitor import reference
from noria.rows import VersionRow


@pytest.fixture
def version(tmp_path: Path) -> VersionRow:
    (tmp_path / FOLDER).mkdir()
    shares = {"hour": 0.2, "origin": 0.7, "wind": 0.1}
    reference.save(Reference(grid=Grid(columns={}), blocks={}, importance=shares), tmp_path / FOLDER)
    return VersionRow(
        model="late",
        version=3,
        run="r",
        artifact=str(tmp_path / "model"),
        digest="",
        registered=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_the_column_that_moves_answers_most_comes_first(version: VersionRow) -> None:
    assert list(importance(version).items()) == [("origin", 0.7), ("hour", 0.2), ("wind", 0.1)]


def test_a_version_whose_lineage_is_gone_is_named(version: VersionRow, tmp_path: Path) -> None:
    gone = replace(version, artifact=str(tmp_path / "elsewhere" / "model"))
    with pytest.raises(ArtifactError, match=r"version 3 of late .* not kept any more"):
        importance(gone)


def test_the_largest_change_comes_first_and_columns_come_and_go() -> None:
    changes = difference({"hour": 0.5, "old": 0.5}, {"hour": 0.6, "new": 0.4})
    assert {name: round(change, 9) for name, change in changes.items()} == {
        "old": -0.5,
        "new": 0.4,
        "hour": 0.1,
    }
    assert list(changes) == ["old", "new", "hour"]


def test_a_picture_has_a_bar_for_each_version_and_column() -> None:
    svg = picture("importance", {"hour": 0.25, "origin": 0.75}, {"hour": 1.0})
    assert svg.count("<rect") == 4
    assert svg.index("hour: 25.0%") < svg.index("origin: 75.0%")
