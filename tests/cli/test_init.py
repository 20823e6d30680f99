from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from noria.cli import app
from noria.errors import DataError, NoriaError, ProjectError
from noria.project.parse import load


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's git settings, and nobody's files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    path = tmp_path / "houses.csv"
    rows = range(400)
    frame = pl.DataFrame(
        {
            "sold": [f"2024-{1 + row // 40:02d}-{1 + row % 28:02d}T10:00:00" for row in rows],
            "id": [f"H{row}" for row in rows],
            "area": [40.0 + row * 7 % 101 for row in rows],
            "quarter": [["old", "new", None][row % 3] for row in rows],
            "price": [100.5 + row * 7 % 101 for row in rows],
        }
    )
    frame.write_csv(path)
    return path


def init(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["init", *arguments])


def error_of(*arguments: str) -> NoriaError:
    result = init(*arguments)
    assert isinstance(result.exception, NoriaError)
    return result.exception


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def test_anyones_table_becomes_a_project(tmp_path: Path, houses: Path) -> None:
    result = init("houses", "--data", str(houses), "--label", "price", "--time", "sold", "--entity", "id")
    assert result.exit_code == 0
    assert "400 rows, regression, 2 features" in result.output
    assert "cd houses && noria doctor" in result.output
    project = load(tmp_path / "houses")
    assert project.data.features == ("area", "quarter")
    assert (project.data.time, project.data.entity, project.data.source) == ("sold", "id", ("data/*.csv",))
    assert project.triggers.cadence is not None
    assert (tmp_path / "houses/data/houses.csv").read_bytes() == houses.read_bytes()


def test_when_a_label_is_known_is_kept_and_no_feature(tmp_path: Path, houses: Path) -> None:
    roles = ("--label", "price", "--time", "sold", "--label-time", "paid", "--label-delay", "7d")
    frame = pl.read_csv(houses).with_columns(paid=pl.col("sold"))
    frame.write_csv(houses)
    assert init("houses", "--data", str(houses), *roles).exit_code == 0
    project = load(tmp_path / "houses")
    data = project.data
    assert project.rollout.guard == timedelta(days=21)  # two weeks in which labels are known
    assert (data.label_time, data.label_delay) == ("paid", timedelta(days=7))
    assert "paid" not in data.features


def test_a_label_delay_that_is_no_duration_is_refused(tmp_path: Path, houses: Path) -> None:
    error = error_of("houses", "--data", str(houses), "--label", "price", "--label-delay", "soon")
    assert 'label_delay: found "soon"; allowed: a duration' in str(error)
    assert not (tmp_path / "houses").exists()


def test_the_first_commit_holds_the_project_without_its_data(tmp_path: Path, houses: Path) -> None:
    init("houses", "--data", str(houses), "--label", "price")
    files = git(tmp_path / "houses", "ls-files").split()
    expected = [".gitignore", "README.md", "noria.toml", "pipeline.py", "schema.toml"]
    assert files == [*expected, "tests/model/test_model.py"]
    assert git(tmp_path / "houses", "log", "--format=%an %s") == "noria Start with noria init\n"
    assert git(tmp_path / "houses", "status", "--short") == ""


def test_a_known_git_user_makes_the_first_commit(tmp_path: Path, houses: Path) -> None:
    (tmp_path / "gitconfig").write_text("[user]\nname = Ann\nemail = ann@example.org\n")
    init("houses", "--data", str(houses), "--label", "price")
    assert git(tmp_path / "houses", "log", "--format=%an") == "Ann\n"


def test_the_tabular_template_leaves_something_to_improve(tmp_path: Path) -> None:
    result = init("churn", "--template", "tabular")
    assert result.exit_code == 0
    project = load(tmp_path / "churn")
    assert (project.task, len(project.data.features)) == ("binary", 7)
    assert "support_calls" not in project.data.features
    assert "support_calls is no feature: not used yet" in result.output
    assert "customer_id" not in result.output
    assert "support_calls" in (tmp_path / "churn/README.md").read_text()


def test_the_flights_template_is_january(tmp_path: Path) -> None:
    result = init("flight-delay", "--template", "flights")
    assert result.exit_code == 0
    project = load(tmp_path / "flight-delay")
    assert len(project.data.features) == 18  # 9 of the timetable, 9 of the weather
    assert (project.data.time, project.data.label_time) == ("scheduled_departure", "landed_at")
    assert [step.weight for step in project.rollout.steps] == [0, 50]


def test_a_pattern_finds_several_files(tmp_path: Path, houses: Path) -> None:
    frame = pl.read_csv(houses)
    frame.head(200).write_parquet(tmp_path / "a.parquet")
    frame.tail(200).write_parquet(tmp_path / "b.parquet")
    result = init("houses", "--data", "*.parquet", "--label", "price")
    assert "400 rows" in result.output
    assert load(tmp_path / "houses").data.source == ("data/*.parquet",)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--data", "houses.csv"],
        ["--label", "price"],
        ["--template", "tabular", "--label", "price"],
        ["--template", "image"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert init("new", *arguments).exit_code == 2


@pytest.mark.parametrize("name", ["Big", "a b", "..", "x" * 64])
def test_a_name_that_no_model_can_have_is_refused(name: str) -> None:
    assert isinstance(error_of(name, "--template", "tabular"), ProjectError)


def test_a_directory_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "churn").mkdir()
    (tmp_path / "churn/mine").write_text("kept")
    assert "is there already" in str(error_of("churn", "--template", "tabular"))
    assert (tmp_path / "churn/mine").read_text() == "kept"


def test_a_failure_leaves_nothing_behind(tmp_path: Path, houses: Path) -> None:
    error = error_of("houses", "--data", str(houses), "--label", "prize")
    assert isinstance(error, DataError)
    assert "did you mean price?" in str(error)
    assert not (tmp_path / "houses").exists()
