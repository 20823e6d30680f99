"""`noria test`, and pytest itself, on the versions of a project."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from noria.adapters.state import SqlState
from noria.cli import app
from noria.errors import ArtifactError, DataError, JobError, NoriaError, ProjectError, StateError

TESTS = """
import polars as pl
import pytest
from noria.model_tests import assert_direction

def test_age(predict, holdout):
    assert_direction(predict, holdout, lambda rows: rows.with_columns(age=pl.lit(79.0)), "up", share=0.6)

@pytest.mark.versions(1, 3)
def test_versions(candidate):
    pass
"""


@pytest.fixture
def project(shop: Path) -> Path:
    (shop / "tests/model").mkdir(parents=True)
    (shop / "tests/model/test_it.py").write_text(TESTS)
    return shop


def noria(*words: str) -> Result:
    return CliRunner().invoke(app, ["test", *words])


def error_of(*words: str) -> NoriaError:
    result = noria(*words)
    assert isinstance(result.exception, NoriaError), result.output
    return result.exception


def test_the_champion_is_tested(project: Path) -> None:
    result = noria("--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.output)
    assert said["tested"] == "version 1"
    assert [one["outcome"] for one in said["results"]] == ["passed", "passed"]
    assert (project / ".noria/tests/version-1/junit.xml").exists()


def test_a_version_that_fails_is_told_with_its_rows(project: Path) -> None:
    result = noria("2")
    assert result.exit_code == 3
    assert "test_it.py::test_age" in result.output
    assert "of 400 rows did not go up; 60% of them should" in result.output
    assert "-> 79" in result.output
    assert "version 2: 1 passed, 1 failed" in result.output


def test_what_cannot_run_is_no_result(project: Path) -> None:
    (project / "tests/model/test_it.py").write_text("import nothing_of_this_name\n")
    result = noria()
    assert isinstance(result.exception, JobError)
    assert "ModuleNotFoundError: No module named 'nothing_of_this_name'" in result.output
    assert "version 1 is not tested: 1 could not run" in result.exception.message


def test_without_tests_or_version_it_says_what_there_is(project: Path) -> None:
    error = error_of("9")
    assert isinstance(error, StateError)
    assert error.message == "shop has no version 9; it has: 1, 2, 3, 4"
    shutil.rmtree(project / ".noria/runs")
    error = error_of("1")
    assert isinstance(error, DataError)
    assert error.message.startswith("the rows of run run, which made shop/1, are gone")
    shutil.rmtree(project / "tests")
    assert isinstance(error_of(), ProjectError)


def test_an_artifact_that_was_changed_is_not_tested(project: Path) -> None:
    state = SqlState(f"sqlite:///{project / '.noria/state.db'}")
    row = state.version("shop", 1)
    assert row
    copy = project / "copy"
    shutil.copytree(row.artifact, copy)
    (copy / "more").touch()
    state.save_version(replace(row, artifact=str(copy)))
    assert isinstance(error_of("1"), ArtifactError)


def test_plain_pytest_asks_several_versions(project: Path) -> None:
    versions = ["--noria-version", "1", "--noria-version", "2"]
    command = [sys.executable, "-m", "pytest", "tests/model", "-v", *versions]
    said = subprocess.run(command, cwd=project, capture_output=True, text=True).stdout
    assert "test_age[version 1] PASSED" in said
    assert "test_age[version 2] FAILED" in said
    assert "test_versions[version 2] PASSED" in said
