"""drift, alerts, report and status in a project whose carriers were recoded upstream."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from noria.adapters.state import SqlState
from noria.cli import app
from noria.core.profile.grid import Grid, category_bins, number_bins
from noria.core.profile.reference import Reference
from noria.core.traffic import Arm, Plan
from noria.core.window import ArmCounts
from noria.errors import NoriaError
from noria.monitor import reference
from noria.monitor.alerting import Alerting
from noria.monitor.profiling import profile
from noria.project.parse import load
from noria.rows import Entry, QualityRow, SignalRow, VersionRow
from noria.testing import FixedClock

PROJECT = """
[model]
name = "flights"
task = "binary"
purpose = "Tell who will be <late>."
[data]
source = "flights.csv"
label = "late"
features = ["carrier", "distance"]
[alerts]
false_alarms = "1 per month"
"""
DAYS = 20
BEGIN = date(2013, 3, 1)
NOW = datetime(2013, 3, 21, tzinfo=UTC)
GRID = Grid(
    columns={"carrier": category_bins({"AA": 1, "UA": 1}), "distance": number_bins(np.arange(100.0, 2500.0))}
)


def rows(aa: int, ua: int) -> pl.DataFrame:
    carrier = ["AA"] * aa + ["UA"] * ua
    return pl.DataFrame({"carrier": carrier, "distance": [100.0 + 20 * row for row in range(len(carrier))]})


def signal(day: int, column: str, monitor: str, value: float, level: str, reason: str) -> SignalRow:
    return SignalRow(
        model="flights", day=str(BEGIN + day * timedelta(days=1)), version=1, monitor=monitor, subject=column,
        level=level, value=value, limit=0.1, reason=reason, numbers={"p": 0.5, "importance": 0.42},
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqlState:
    """Twenty days of signals; on the last one the carriers are others, and an alert is open."""
    (tmp_path / "noria.toml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "1/lineage").mkdir(parents=True)
    learnt = Reference(grid=GRID, blocks={str(BEGIN): profile(rows(50, 50), GRID)})
    reference.save(learnt, tmp_path / "1/lineage")
    state = SqlState(f"sqlite:///{tmp_path}/.noria/state.db")
    state.save_version(
        VersionRow(
            model="flights", version=1, run="r", artifact=str(tmp_path / "1/artifact"), digest="d",
            registered=NOW, facts={"metrics": {}},
        )
    )  # fmt: skip
    before = state.model("flights")
    plan = Plan(model="flights", number=1, salt="s", arms=(Arm(version=1, share=100),))
    served = replace(before, champion=1, plan=plan)
    state.change(before, served, [Entry(at=NOW, actor="noria", kind="promoted", body={"version": 1})])
    said = []
    for day in range(DAYS):
        off = day == DAYS - 1
        told = "carrier drifted: AA 50.0% -> 90.0%" if off else "carrier is as usual"
        said += [
            signal(day, "carrier", "drift", 0.3 if off else 0.02, "alert" if off else "ok", told),
            signal(day, "distance", "drift", 0.05, "ok", "distance is as usual"),
            signal(day, "carrier", "data_quality", 0.05, "ok", "carrier is as usual"),
        ]
    state.save_signals(said)
    last = str(BEGIN + timedelta(days=DAYS - 1))
    arms = {(1, 1): ArmCounts()}
    state.add_traffic("flights", ("s", 1), arms, {(1, f"{last}T09"): profile(rows(90, 10), GRID)})
    quality = [
        QualityRow(
            model="flights", day=str(BEGIN + timedelta(days=day)), version=1, role="champion",
            predictions=100, rows=90, metrics={"log_loss": 0.5 + day / 100},
        )
        for day in range(5)
    ]  # fmt: skip
    state.save_quality(quality)
    Alerting(load(tmp_path), state, FixedClock(NOW), None)
    return state


def read(*words: str, code: int = 0, columns: int = 140) -> str:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": str(columns)})
    if isinstance(result.exception, NoriaError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.usefixtures("store")
def test_drift_shows_the_furthest_first_with_its_course() -> None:
    head, names, first, second = read("drift").splitlines()
    assert head == "flights/1 on 2013-03-20"
    assert names.split() == ["feature", "size", "limit", "p", "share", "last", "weeks", "what", "changed"]
    spark = "▂" * 19 + "█"  # .02 of .1 is a fifth of the way, which is the second of eight
    assert (
        " ".join(first.split()) == f"carrier 0.300 0.100 0.5 42% {spark} carrier drifted: AA 50.0% -> 90.0%"
    )
    assert second.split()[:2] == ["distance", "0.050"]


@pytest.mark.usefixtures("store")
def test_drift_of_a_column_shows_its_values_before_and_now() -> None:
    shown = " ".join(read("drift", "--column", "carrier").split())
    assert "carrier, flights/1, until 2013-03-20" in shown
    assert "AA 50.0% 90.0%" in shown
    assert "UA 50.0% 10.0%" in shown


@pytest.mark.usefixtures("store")
def test_drift_of_a_day_and_as_json() -> None:
    assert read("drift", "--day", "2013-03-05").startswith("flights/1 on 2013-03-05")
    rows = json.loads(read("drift", "--json"))
    assert {row["day"] for row in rows} == {"2013-03-20"}
    assert len(json.loads(read("drift", "--json", "--column", "carrier"))) == 2 * DAYS


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--column", "wing"), "nothing was said of a column wing"),
        (("--version", "9"), "no day of version 9 has been checked yet"),
        (("--day", "soon"), "--day: found 'soon'; allowed: a day such as 2013-02-01"),
    ],
)
def test_drift_that_cannot_be_shown(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(NoriaError, match=re.escape(said)):
        read("drift", *words)


def test_alerts_with_cause_next_command_and_rate(store: SqlState) -> None:
    (alert,) = store.alerts("flights")
    shown = " ".join(read("alerts").split())
    assert f"{alert.id} 2013-03-21 00:00 warning carrier: not what version 1 learnt from" in shown
    assert "likely: the world, or a source, moved: ask who changed carrier" in shown
    assert "next: noria drift --column carrier" in shown
    # one alarm in 20 days is 1.5 in 30
    assert (
        "alarms: 1 without a confirmed cause in 20 days watched, 1.5 in 30 days; declared: at most 1" in shown
    )
    assert "carrier drifted: AA 50.0% -> 90.0%" in read("alerts", alert.id[:4])
    told = json.loads(read("alerts", "--json"))
    assert (told["alerts"][0]["id"], told["alarms"]["false"]) == (alert.id, 1)


def test_an_alert_is_silenced_for_a_time_and_the_ledger_keeps_who_did_it(store: SqlState) -> None:
    (alert,) = store.alerts("flights")
    said = read("alerts", "--silence", alert.id, "--for", "2d", "--dry-run")
    assert said.startswith(f"would be done: {alert.id}")
    assert store.alerts("flights")[0].silenced_until is None
    read("alerts", "--silence", alert.id, "--for", "2d", "--yes", "-m", "they know")
    until = store.alerts("flights")[0].silenced_until
    assert until is not None
    assert timedelta(days=1, hours=23) < until - datetime.now(UTC) <= timedelta(days=2)
    entry = store.ledger("flights")[-1]
    assert (entry["kind"], entry["body"]["alert"]) == ("alert silenced", alert.id)
    assert entry["body"]["reason"] == "they know"


def test_a_confirmed_cause_is_no_false_alarm(store: SqlState) -> None:
    (alert,) = store.alerts("flights")
    with pytest.raises(NoriaError, match="--confirm: found no --message"):
        read("alerts", "--confirm", alert.id, "--yes")
    read("alerts", "--confirm", alert.id, "--yes", "-m", "the airline was renamed")
    assert "alarms: 0 without a confirmed cause" in read("alerts")
    assert store.ledger("flights")[-1]["body"]["reason"] == "the airline was renamed"


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ffff",), "there is no alert ffff"),
        (("--silence", "ffff"), "there is no alert ffff"),
        (("--test",), "alerts.routes: there is none to test"),
    ],
)
def test_alerts_that_are_not_there(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(NoriaError, match=re.escape(said)):
        read("alerts", *words)


def test_a_length_that_is_none(store: SqlState) -> None:
    (alert,) = store.alerts("flights")
    with pytest.raises(NoriaError, match="--for: found 'long'; allowed: a duration"):
        read("alerts", "--silence", alert.id, "--for", "long")


def test_a_route_that_does_not_take_the_test_exits_with_1(store: SqlState, tmp_path: Path) -> None:
    (tmp_path / "noria.toml").write_text(PROJECT + 'routes = ["$NOBODY_SET_THIS"]\n')
    said = read("alerts", "--test", code=1)
    assert said == "$NOBODY_SET_THIS: $NOBODY_SET_THIS is not set in the environment of noria\n"


def test_status_shows_alerts_and_what_is_not_watched(store: SqlState) -> None:
    (alert,) = store.alerts("flights")
    store.save_alert(replace(alert, failed={"$SLACK": "no answer within 15 s"}))
    store.beat("collector", NOW, {"unmonitored": {2: "a profile is damaged"}, "unalerted": ""})
    shown = " ".join(read("status").split())
    assert (
        f"warning: carrier: not what version 1 learnt from ({alert.id}): noria drift --column carrier"
        in shown
    )
    assert "version 2 is not watched: a profile is damaged" in shown
    assert f"alert {alert.id} did not reach $SLACK: no answer within 15 s" in shown


@pytest.mark.usefixtures("store")
def test_the_report_is_one_page_without_script_or_network(tmp_path: Path) -> None:
    read("report", "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "Tell who will be &lt;late&gt;." in page
    assert "carrier: not what version 1 learnt from" in page
    assert not re.search(r"<script|https?://|url\(", page)
    assert page.count('class="heat heat-') == 2 * DAYS
    assert page.count("heat-4 marked") == 1
    assert len(re.findall(r"<svg", page)) == 4  # the heat map, two distributions, the quality
    assert "AA: 90.0%" in page
    assert "2 different values; the most frequent: AA 90.0%, UA 10.0%" in page
    assert "p1 120, p50 1100, p99 2080" in page  # of 100, 120, ... 2080


def test_the_report_before_anything_was_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "noria.toml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    read("report")
    assert "No day has been checked yet." in (tmp_path / "report.html").read_text()
