from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from noria.adapters.lake import Dataset
from noria.core.traffic import Arm, Plan
from noria.dataset import removal
from noria.errors import DataError
from noria.project.model import Project
from noria.rows import ModelRow, VersionRow
from tests.dataset.conftest import SCHEMA, rows

Fill = Callable[..., Dataset]


def version(number: int, run: str, **facts: Any) -> VersionRow:
    """A registered version of a run."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return VersionRow(
        model="delay", version=number, run=run, artifact="", digest="", registered=at, facts=facts
    )


def keep(project: Project, run: str, table: pl.DataFrame) -> None:
    """Write what a run was trained on."""
    folder = project.home / "runs" / run / "rows"
    folder.mkdir(parents=True)
    table.write_parquet(folder / "full-all.parquet")


def test_the_versions_that_learnt_from_a_row_are_named(project: Project, fill: Fill) -> None:
    dataset = fill(one=rows(50, 0), two=rows(30, 1, first=50))
    keep(project, "r1", dataset.read(1).collect())
    keep(project, "r2", dataset.read(2).collect())
    versions = [
        version(1, "r1", data_version=1, window="all", refit=True),
        version(2, "r2", data_version=2, window="all", refit=True),
        version(3, "gone", data_version=2),
    ]
    plan = Plan(model="delay", number=1, salt="s", arms=(Arm(version=2, share=100),), shadow=3)
    gone = removal.found(project, SCHEMA, "customer", "c60")
    found = removal.learners(project, gone, versions, ModelRow(name="delay", champion=2, plan=plan))
    assert [(one.version, one.rows, one.sure, one.role) for one in found] == [
        (2, 1, True, "champion"),
        (3, 1, False, "challenger"),
    ]


def test_a_purge_leaves_no_copy_in_the_project(project: Project, fill: Fill) -> None:
    dataset = fill(one=rows(50, 0), two=rows(30, 1, first=50))
    keep(project, "r2", dataset.read(2).collect())
    (project.home / "cache").mkdir()
    (project.home / "reports").mkdir()
    (project.home / "reports" / "data-1.json").write_text("{}")
    gone = removal.found(project, SCHEMA, "customer", "c60")
    assert removal.remove(project, "customer", "c60").version == 3
    assert removal.purge(project, gone) == 2  # a file of the table, and the run's copy
    files = [file for file in project.home.rglob("*.parquet") if "removed" not in file.parts]
    assert not any("c60" in pl.read_parquet(file)["customer"].to_list() for file in files)
    assert len(files) == 3
    assert not (project.home / "cache").exists()
    assert not (project.home / "reports" / "data-1.json").exists()


def test_rows_are_told_by_any_text_or_number(project: Project, fill: Fill) -> None:
    fill(one=rows(50, 0), two=rows(30, 1, first=50))
    assert removal.found(project, SCHEMA, "_source", "two.csv").height == 30
    late = removal.found(project, SCHEMA, "late", "1").height
    assert removal.remove(project, "late", "1").rows.height == late
    with pytest.raises(DataError, match="no row of the dataset has late = 1"):
        removal.found(project, SCHEMA, "late", "1")


def test_what_is_no_column_or_value_is_said(project: Project, fill: Fill) -> None:
    fill(one=rows(50, 0))
    with pytest.raises(DataError, match="there is no column 'colour'; allowed: customer, at, age"):
        removal.found(project, SCHEMA, "colour", "red")
    with pytest.raises(DataError, match="late: found 'yes'; allowed: a number"):
        removal.found(project, SCHEMA, "late", "yes")
    with pytest.raises(DataError, match="at: rows are told by texts and numbers"):
        removal.found(project, SCHEMA, "at", "2026-01-01")
