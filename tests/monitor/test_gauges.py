"""What the collector writes is what the gateway shows, name for name and label for label."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from noria.gateway.telemetry.monitor_gauges import FAMILIES, families
from noria.monitor.gauges import gauges, write
from noria.project.model import Data, Project, Task
from noria.rows import AlertRow, QualityRow, SignalRow
from noria.testing import MemoryState

NOW = datetime(2013, 3, 2, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    data = Data(source=("*.csv",), label="y", features=("carrier",))
    project = Project(root=tmp_path, name="m", task=Task.BINARY, data=data, gates=())
    project.home.mkdir()
    return project


@pytest.fixture
def state() -> MemoryState:
    state = MemoryState()
    row = SignalRow(
        model="m", day="2013-03-01", version=1, monitor="drift", subject="carrier", level="alert",
        value=0.2, limit=0.1, reason="r",
    )  # fmt: skip
    state.save_signals(
        [replace(row, day="2013-02-28", value=0.9), row, replace(row, subject="", monitor="score")]
    )
    alert = AlertRow(
        model="m", id="a", version=1, about="inputs", severity="warning", title="t", opened=NOW, last_seen=NOW
    )
    state.save_alert(alert)
    state.save_alert(replace(alert, id="b", ended=NOW))
    quality = QualityRow(
        model="m", day="2013-02-27", version=1, role="champion", predictions=100, rows=90,
        metrics={"log_loss": 0.5, "auc": float("nan")},
    )  # fmt: skip
    state.save_quality([quality])
    return state


def test_each_gauge_has_a_family_with_as_many_labels(project: Project, state: MemoryState) -> None:
    found = gauges(project, state, NOW)
    assert list(found) == [family.name for family in FAMILIES]
    for family in FAMILIES:
        assert {len(labels) for labels, _ in found[family.name]} == {len(family.labels)}, family.name


def test_what_is_written_is_shown(project: Project, state: MemoryState) -> None:
    write(project, state, NOW)
    shown = {family.name: dict(samples) for family, samples in families([project.home])}
    assert shown["noria_signal_value"] == {("m", "1", "carrier", "drift"): 0.2}
    assert shown["noria_alerts_open"] == {("m", "info"): 0, ("m", "warning"): 1, ("m", "critical"): 0}
    assert shown["noria_quality"] == {("m", "1", "log_loss"): 0.5}  # JSON has no NaN
    assert shown["noria_labelled_ratio"] == {("m", "1"): 0.9}
    assert shown["noria_checked_timestamp_seconds"] == {("m",): datetime(2013, 3, 1, tzinfo=UTC).timestamp()}


def test_before_the_first_day(project: Project) -> None:
    write(project, MemoryState(), NOW)
    assert not any(
        dict(samples) for family, samples in families([project.home]) if "alerts" not in family.name
    )


def test_a_file_that_cannot_be_read_shows_nothing(project: Project, tmp_path: Path) -> None:
    (project.home / "monitor.json").write_text('{"noria_quality": [')
    assert not any(dict(samples) for _, samples in families([project.home, tmp_path / "none"]))


def test_a_disk_that_takes_nothing_stops_nobody(project: Project, state: MemoryState) -> None:
    project.home.rmdir()
    write(project, state, NOW)
