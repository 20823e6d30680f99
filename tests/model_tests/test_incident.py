"""A failed rollout becomes a test that the failed version fails, and that its gate refuses from then on."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from noria.adapters.state import SqlState
from noria.cli import app
from noria.core.gates import Outcome
from noria.delta import Table
from noria.errors import ArtifactError, DataError, NoriaError, StateError
from noria.gates import tests as gate
from noria.gates.subject import Subject
from noria.model_tests.failure import failures, find
from noria.project.parse import load
from noria.project.table import read_schema
from noria.rows import Entry

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
NAME = "shop"
Sample = Callable[[int, int], pl.DataFrame]


@pytest.fixture
def project(shop: Path, sample: Sample) -> Path:
    """In which version 3 was aborted and version 2 rolled back, after two days each."""
    _state(shop).record(NAME, _rollout(3, "aborted", "p99 > 5x champion"))
    _state(shop).record(NAME, _rollout(2, "rolled back", "log_loss is worse"))
    _serve(shop, sample(600, 3))
    return shop


def _told(kind: str, hours: float, **body: object) -> Entry:
    return Entry(at=BEGIN + timedelta(hours=hours), actor="noria", kind=kind, body=body)


def _rollout(version: int, end: str, reason: str, begin: float = 0, hours: float = 48) -> list[Entry]:
    body = {"rollout": f"{NAME}-{version}-1", "version": version, "champion": 1}
    opened = _told("rollout opened", begin, **body, reason="registered")
    return [opened, _told(end, begin + hours, **body, reason=reason)]


def _serve(root: Path, asked: pl.DataFrame, hours: float = 0) -> None:
    """Write predictions, one each five minutes, and their labels."""
    at = [BEGIN + timedelta(hours=hours, minutes=5 * number) for number in range(asked.height)]
    own = pl.DataFrame({"id": [f"p{hours}-{number}" for number in range(asked.height)], "at": at})
    own = own.with_columns(_day=pl.col("at").dt.date(), client=pl.lit(None, pl.String))
    said = {"version": 2, "role": "challenger", "plan": 1, "latency": 0.001, "output": 0.5}
    sent = own.with_columns(**{name: pl.lit(value) for name, value in said.items()})
    Table(root / ".noria/lake/predictions", by_day=True).append(
        pl.concat([sent, asked.drop("late")], how="horizontal"), {}
    )
    labels = own.with_columns(label=asked["late"].cast(pl.Float64), as_of="at", source=pl.lit("feedback"))
    Table(root / ".noria/lake/labels", by_day=True).append(labels, {})


def noria(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def error_of(*words: str) -> NoriaError:
    result = noria(*words)
    assert isinstance(result.exception, NoriaError), result.output
    return result.exception


def test_the_failure_is_written_down_proven_and_refused_from_then_on(project: Path) -> None:
    result = noria("incident")
    assert result.exit_code == 0, result.exception
    assert "version 2 fails: log_loss is " in result.output
    assert "version 1 passes" in result.output
    assert "no gate asks it" not in result.output
    data = pl.read_parquet(project / "tests/model/incident_shop_2_1.parquet")
    assert (data.height, data.columns) == (200, ["id", "at", "age", "city", "late"])
    text = (project / "tests/model/test_incident_shop_2_1.py").read_text()
    assert "Version 2 was taken back on 2026-03-03 09:00:\nlog_loss is worse" in text

    again = gate.tests(_candidate(project, "version2"))
    assert again.outcome == Outcome.FAILED
    assert "test_incident_shop_2_1" in again.reason
    assert gate.tests(_candidate(project, "version3")).outcome == Outcome.PASSED


def test_requests_without_an_answer_are_shown_without_labels(project: Path, sample: Sample) -> None:
    _serve(project, sample(50, 6).with_columns(age=pl.lit(None, pl.Float64)), hours=100)
    _state(project).record(NAME, _rollout(4, "rolled back", "error_rate > 1%", begin=99, hours=10))
    toml = project / "noria.toml"
    toml.write_text(re.sub(r'\[\[gates\]\]\ncheck = "tests".*\n', "", toml.read_text()))
    result = noria("incident", "shop-4-1")
    assert result.exit_code == 0, result.exception
    assert "asks 50 requests of that time" in result.output
    assert "no gate asks it yet; noria.toml lacks" in result.output


def test_a_version_that_was_slow_and_not_wrong_makes_no_test(project: Path) -> None:
    error = error_of("incident", "shop-3-1")
    assert isinstance(error, DataError)
    assert "it is not proven worse than version 1: log_loss" in error.message
    assert "p99 > 5x champion" in error.message
    assert not (project / "tests").exists()


def test_without_predictions_of_that_time_it_says_so(project: Path) -> None:
    _state(project).record(NAME, _rollout(3, "aborted", "by hand", begin=500))
    assert "there are no predictions of that time" in error_of("incident", "shop-3-1").message


def test_a_rollout_that_did_not_fail_is_told_with_those_that_did(project: Path) -> None:
    error = error_of("incident", "shop-9-9")
    assert isinstance(error, StateError)
    assert "those that did: shop-3-1, shop-2-1" in error.message


def test_the_guard_takes_back_a_champion_and_that_is_a_failure_too() -> None:
    opened, _ = _rollout(2, "aborted", "")
    back = _told("rollback", 60, version=1, instead_of=2, reason="the model before would have gained")
    (failure,) = failures([entry.fields(NAME) for entry in (opened, back)])
    assert (failure.rollout, failure.version, failure.before) == ("shop-2-1", 2, 1)
    assert failure.end - failure.begin == timedelta(hours=60)


def test_without_any_failure_it_says_so() -> None:
    with pytest.raises(StateError, match="no rollout has failed yet"):
        find([], None)


def test_a_version_whose_artifact_is_gone_is_named(project: Path) -> None:
    with_gone = _state(project).version(NAME, 2)
    assert with_gone
    _state(project).save_version(replace(with_gone, artifact=str(project / "gone")))
    error = error_of("incident")
    assert isinstance(error, ArtifactError)
    assert error.message.startswith("the artifact of shop/2 is gone")


def _state(project: Path) -> SqlState:
    return SqlState(f"sqlite:///{project / '.noria/state.db'}")


def _candidate(project: Path, artifact: str) -> Subject:
    rows, shipped = project / ".noria/runs/run/rows", project / ".noria" / artifact
    return Subject(
        project=load(project),
        schema=read_schema(project),
        checkout=project,
        folder=project.parent / artifact,
        shipped=shipped,
        judged=shipped,
        champion_artifact=None,
        train_file=rows / "train-all.parquet",
        full_file=rows / "train-all.parquet",
        holdout_file=rows / "holdout.parquet",
        now=BEGIN,
    )
