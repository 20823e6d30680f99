"""runs, models, status, plan and ledger: what they show on terminals of 80 and of 140 columns."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from noria.cli import app
from noria.core.gates import Outcome, Verdict
from noria.core.rollout import Phase, Rollout, Step
from noria.core.traffic import Arm, Plan
from noria.errors import NoriaError, StateError
from noria.project.infer import infer
from noria.project.parse import load
from noria.project.scaffold import Examples, write_project
from noria.rows import Entry, RunRow, VersionRow
from noria.wiring import state

NOW = datetime(2026, 11, 23, 6, 12, tzinfo=UTC)
METRICS = {"log_loss": 0.5186, "auc": 0.7887, "brier": 0.173, "accuracy": 0.7496}
REASON = "worse: log_loss -0.0981 (-0.1170 to -0.0792, 2400 rows, 20 blocks) against version 2, margin 0.002"
VERDICTS = (
    Verdict(gate="enough-rows", outcome=Outcome.PASSED, reason="2400 rows held out"),
    Verdict(gate="better-than-champion", outcome=Outcome.FAILED, reason=REASON),
)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which nothing has happened yet."""
    root = tmp_path / "churn"
    (root / "data").mkdir(parents=True)
    frame = pl.DataFrame({"x": [row * 7 % 31 for row in range(100)], "y": [0, 1] * 50})
    frame.write_csv(root / "data/1.csv")
    write_project(root, None, Examples(source="data/*.csv", label="y"), infer(frame, label="y"))
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *words], cwd=root, check=True)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def lived(empty: Path) -> Path:
    """A project with a champion, a challenger at 10%, a refused and a failed run."""
    store = state(load(empty))
    for number in (1, 2):
        facts = {
            "metrics": METRICS, "daily": {}, "commit": "da28ece5" * 5, "data_version": 1, "twin": "/t",
            "refit": True, "holdout_from": "80", "learnt": "99",
        }  # fmt: skip
        store.save_version(
            VersionRow(
                model="churn", version=number, run=f"run{number}", artifact="/a", digest="d",
                registered=NOW, facts=facts,
            )
        )  # fmt: skip
    common = {"model": "churn", "trigger": "commit", "stage": "judge", "started": NOW, "ended": NOW}
    refused = RunRow(
        id="aaaa00001111",
        status="refused",
        reason="commit f65c1273",
        verdicts=VERDICTS,
        error=REASON,
        **common,
    )
    failed = RunRow(
        id="bbbb00001111",
        status="failed",
        reason="commit 81344ae2",
        error="KeyError: params[learner]",
        facts={"hint": "noria doctor"},
        **{**common, "started": NOW + timedelta(minutes=1)},
    )
    body = {"run": refused.id, "verdicts": VERDICTS, "passed": False}
    store.save_run(refused, [Entry(at=NOW, actor="noria", kind="judged", body=body)])
    store.save_run(failed)
    before = store.model("churn")
    rollout = Rollout(
        id="churn-2", model="churn", version=2, champion=1, steps=(Step(weight=10, requests=500),),
        phase=Phase.WEIGHTED, step=0, held=True, opened=NOW, entered=NOW, reason="loaded",
    )  # fmt: skip
    plan = Plan(model="churn", number=1, salt="s", arms=(Arm(version=2, share=10), Arm(version=1, share=90)))
    after = type(before)(name="churn", champion=1, plan=plan, rollout=rollout)
    entry = Entry(at=NOW, actor="ann", kind="held", body={"version": 2, "reason": "Look at it on Monday"})
    store.change(before, after, [entry])
    return empty


def read(*words: str, columns: int = 80) -> str:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": str(columns)})
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize("columns", [80, 140])
@pytest.mark.parametrize("verb", ["runs", "models", "status", "ledger"])
def test_nothing_is_cut_and_no_line_is_longer_than_the_terminal(verb: str, columns: int) -> None:
    shown = read(verb, columns=columns)
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= columns


@pytest.mark.usefixtures("lived")
def test_status_shows_champion_rollout_and_whole_reasons() -> None:
    shown = " ".join(read("status").split())
    assert "churn down: noria up starts it" in shown
    assert "champion version 1: log_loss 0.5186" in shown
    assert "traffic version 2: 10%, version 1: 90%" in shown
    assert "version 2 weighted, held at 10% ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 0 of 500 requests" in shown
    assert "ann held 2 Look at it on Monday" in shown
    assert " ".join(read("status", columns=140).split()).count(REASON) == 1


@pytest.mark.usefixtures("lived")
def test_runs_tells_why_and_what_was_found() -> None:
    shown = " ".join(read("runs", columns=200).split())
    assert "bbbb0000 2026-11-23 06:13 failed commit 81344ae2 KeyError: params[learner]" in shown
    assert REASON in shown
    assert REASON in " ".join(read("runs", "aaaa", columns=200).split())
    one = read("runs", "bbbb", columns=200)
    assert "in judge: KeyError: params[learner]" in one
    assert "try: noria doctor" in one
    result = CliRunner().invoke(app, ["runs", "nowhere"])
    assert isinstance(result.exception, StateError)


@pytest.mark.usefixtures("lived")
def test_models_shows_roles_and_metrics() -> None:
    head, newest, champion = (line.split() for line in read("models").splitlines())
    assert head == ["version", "role", "registered", "commit", *METRICS]
    assert newest[:2] == ["2", "challenger"]
    assert champion[:2] == ["1", "champion"]
    assert champion[-4:] == ["0.5186", "0.7887", "0.1730", "0.7496"]


def test_a_version_that_was_not_measured_is_shown_without_metrics(lived: Path) -> None:
    store = state(load(lived))
    version = store.version("churn", 2)
    assert version is not None
    store.save_version(replace(version, version=3, facts={**version.facts, "metrics": {}}))
    newest = read("models").splitlines()[1].split()
    assert (newest[0], newest[-1]) == ("3", "da28ece5")


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize("verb", ["runs", "models", "status", "plan", "ledger"])
def test_every_read_is_json_too(verb: str) -> None:
    assert json.loads(read(verb, "--json"))


@pytest.mark.usefixtures("empty")
def test_before_anything_has_happened() -> None:
    assert read("runs") == "no run yet; try: noria run\n"
    assert read("models") == "no version yet; try: noria run\n"
    shown = " ".join(read("status").split())
    assert "champion none yet traffic nobody serves yet rollout none yet" in shown
    plan = read("plan")
    assert plan.startswith("would start a run now\n  because: commit ")


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("verb", ["promote", "abort", "hold", "release"])
def test_a_signal_without_a_rollout_is_refused(verb: str) -> None:
    result = CliRunner().invoke(app, [verb, "--yes"])
    assert isinstance(result.exception, NoriaError)
    assert str(result.exception) == "no rollout of churn is open\n  try: noria status"


@pytest.mark.usefixtures("empty")
def test_pause_and_resume_are_seen_by_the_plan() -> None:
    assert read("pause", "-m", "Holidays") == "churn: paused\n"
    assert "would wait: paused by hand" in read("plan")
    assert "paused: noria resume lets runs start again" in " ".join(read("status").split())
    assert read("resume") == "churn: resumed\n"


@pytest.mark.usefixtures("empty")
def test_why_needs_an_execution_first() -> None:
    result = CliRunner().invoke(app, ["why", "model"])
    assert isinstance(result.exception, NoriaError)
    assert result.exception.hint == "noria run"


def test_the_hook_is_installed_once(empty: Path) -> None:
    for _ in range(2):
        assert "tells noria of each commit" in read("hook")
    assert (empty / ".git/hooks/post-commit").read_text().count("touch") == 1
