"""`noria quality`: what it shows of a project whose days are measured."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from noria.cli import app
from noria.project.parse import load
from noria.rows import SignalRow
from noria.wiring import state
from tests.monitor.days import measured, project
from tests.monitor.test_slices import biased

FILE = """
[model]
name = "churn"
task = "binary"

[data]
source = "data/*.csv"
label = "y"
features = ["x"]
label_delay = "1d"

[monitor]
slices = ["region"]
sensitive = ["sex"]
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which nothing was measured yet."""
    (tmp_path / "noria.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lived(root: Path) -> Path:
    """Version 1, the champion, on twenty mature days, with two estimates and a word on the concept."""
    store, chance = state(load(root)), np.random.default_rng(2)
    model = project(slices=("region",), sensitive=("sex",))
    today = datetime.now(UTC).date()
    days = [(today - timedelta(days=22 - number)).isoformat() for number in range(20)]
    cohorts = [measured(model, number, biased(number, chance), None) for number in range(20)]
    store.save_quality([], [replace(row, day=day) for row, day in zip(cohorts, days, strict=True)])
    before = store.model("churn")
    store.change(before, replace(before, champion=1), [])
    common = {"model": "churn", "day": days[-1], "version": 1, "level": "ok", "value": 0.61, "limit": 0.02}
    estimates = {"monitor": "estimates", **common}
    store.save_signals(
        [
            SignalRow(**estimates, subject="CBPE of log_loss", reason="40% nearer", numbers={"shown": True}),
            SignalRow(
                **estimates,
                subject="PAPE of auc",
                reason="5 of 14 days",
                numbers={"shown": False, "skill": 0},
            ),
            SignalRow(monitor="concept", **common, subject="", reason="log_loss has not risen"),
        ]
    )
    return root


def read(*words: str, columns: int = 100) -> str:
    result = CliRunner().invoke(app, ["quality", *words], env={"COLUMNS": str(columns)})
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.usefixtures("lived")
def test_it_shows_versions_calibration_slices_fairness_estimates_and_labels() -> None:
    shown = read()
    for words in (
        "12,000 of 12,000", "version 1, the champion", "accuracy", "calibration: off by 0.0",
        "region = north", "selection rate", "estimated, before labels are there",
        "CBPE of log_loss 0.6100 (0.5900 to 0.6300)", "hidden: 5 of 14 days", "log_loss has not risen",
        "99% within 6 hours; data.label_delay is 1 day", "not mature",
    ):  # fmt: skip
        assert words in shown, words
    assert any(level in shown for level in "▁▂▃▄▅▆▇█")


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize("columns", [80, 140])
def test_nothing_is_cut_and_no_line_is_longer_than_the_terminal(columns: int) -> None:
    shown = read(columns=columns)
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= columns


@pytest.mark.usefixtures("lived")
def test_as_json_it_has_all_numbers() -> None:
    found = json.loads(read("--json"))
    assert found["champion"] == 1
    assert found["versions"][0]["rows"] == 12_000
    assert {one["value"] for one in found["slices"]} == {"north", "south"}
    assert [one["subject"] for one in found["estimates"]] == ["CBPE of log_loss", "PAPE of auc"]


def test_what_clients_send_is_shown_as_it_is(lived: Path) -> None:
    store = state(load(lived))
    rows = store.cohorts("churn")
    named = [replace(row, segments={"region": {"[/red]": row.segments["region"]["north"]}}) for row in rows]
    store.save_quality([], named)
    assert "region = [/red]" in read()


@pytest.mark.usefixtures("root")
def test_before_a_day_is_mature_it_says_where_to_look() -> None:
    assert "noria plan" in read()
