"""Alerts as the collector makes them: kept once, told once, whoever hangs, is down, or was killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest

from noria.core.traffic import Arm, Plan
from noria.monitor.alerting import Alerting
from noria.monitor.telling import Teller, named
from noria.project.model import Alerts, Data, Project, Task
from noria.rows import AlertRow, Entry, SignalRow
from noria.testing import FixedClock, MemoryState

BEGIN = date(2013, 3, 1)
NOW = datetime(2013, 3, 2, tzinfo=UTC)
ONE = timedelta(days=1)
ROUTES = ("$SLACK", "json://127.0.0.1/s3cr3t")


class Phone:
    """A route's other end: it keeps what it is told, fails so often first, and may hold its caller."""

    def __init__(self, failures: int = 0, hold: Event | None = None) -> None:
        self.told: list[tuple[str, str, str]] = []
        self._failures = failures
        self._hold = hold

    def __call__(self, route: str, title: str, text: str) -> str:
        if self._hold:
            self._hold.wait(20)
        if self._failures:
            self._failures -= 1
            return "the line is dead"
        self.told.append((route, title, text))
        return ""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    data = Data(source=("*.csv",), label="y", features=("carrier", "dest"))
    return Project(
        root=tmp_path, name="m", task=Task.BINARY, data=data, gates=(), alerts=Alerts(routes=ROUTES)
    )


@pytest.fixture
def state() -> MemoryState:
    state = MemoryState()
    plan = Plan(model="m", number=1, salt="s", arms=(Arm(version=1, share=100),))
    before = state.model("m")
    served = replace(before, champion=1, plan=plan)
    state.change(before, served, [Entry(at=NOW, actor="noria", kind="promoted", body={"version": 1})])
    return state


def signal(column: str = "carrier", level: str = "alert", day: int = 0) -> SignalRow:
    return SignalRow(
        model="m", day=str(BEGIN + day * ONE), version=1, monitor="drift", subject=column, level=level,
        value=0.2, limit=0.1, reason=f"{column} drifted",
    )  # fmt: skip


def until(holds: Callable[[], bool]) -> None:
    deadline = monotonic() + 20
    while not holds():
        assert monotonic() < deadline
        sleep(0.005)


def test_an_alert_is_kept_and_told_to_each_route_once(project: Project, state: MemoryState) -> None:
    phone, said = Phone(), [signal()]
    state.save_signals(said)
    for _ in range(2):  # the second one starts after the first was killed
        alerting = Alerting(project, state, FixedClock(NOW), phone)
        alerting.take(said, NOW)
        until(lambda: len(state.alerts("m")[0].told) == 2)
        alerting.stop()
    (alert,) = state.alerts("m")
    assert (alert.told, alert.failed) == (("$SLACK", "2 json"), {})
    assert [route for route, *_ in phone.told] == list(ROUTES)
    _, title, text = phone.told[0]
    assert title == "[warning] m: carrier: not what version 1 learnt from"
    assert text.startswith("carrier drifted\n\nLikely:\n- the world, or a source, moved")
    assert "Next: noria drift --column carrier" in text


def test_what_a_killed_collector_did_not_follow_is_followed_at_the_next_start(
    project: Project, state: MemoryState
) -> None:
    state.save_signals([signal()])
    Alerting(project, state, FixedClock(NOW), Phone())
    assert len(state.alerts("m")) == 1


def test_without_a_route_nobody_is_told(project: Project, state: MemoryState) -> None:
    phone = Phone()
    quiet = replace(project, alerts=Alerts())
    Alerting(quiet, state, FixedClock(NOW), phone).take([signal()], NOW)
    assert len(state.alerts("m")) == 1
    assert phone.told == []


def test_a_route_that_hangs_holds_nobody_up(project: Project, state: MemoryState) -> None:
    hold = Event()
    alerting = Alerting(project, state, FixedClock(NOW), Phone(hold=hold))
    begun = monotonic()
    for day in range(20):
        alerting.take([signal(day=day)], NOW + day * ONE)
    assert monotonic() - begun < 5
    hold.set()
    until(lambda: len(state.alerts("m")[0].told) == 2)


def test_a_route_is_asked_again_and_then_kept_as_failed(project: Project, state: MemoryState) -> None:
    Alerting(project, state, FixedClock(NOW), None).take([signal()], NOW)
    (alert,) = state.alerts("m")
    for failures, failed in ((1, {}), (9, {"$SLACK": "the line is dead", "2 json": "the line is dead"})):
        state.save_alert(alert)
        teller = Teller("m", ROUTES, state, FixedClock(NOW), Phone(failures), back_off=(0, 0.01, 0.01))
        teller.tell(alert)
        until(lambda failed=failed: state.alerts("m")[0].failed == failed and _settled(state, failed))
        teller.stop()


def _settled(state: MemoryState, failed: dict[str, str]) -> bool:
    return len(state.alerts("m")[0].told) + len(failed) == 2


def test_a_dead_route_is_tried_again_when_the_alert_goes_on(project: Project, state: MemoryState) -> None:
    Alerting(project, state, FixedClock(NOW), None).take([signal()], NOW)
    (alert,) = state.alerts("m")
    state.save_alert(replace(alert, told=("$SLACK",), failed={"2 json": "the line is dead"}))
    phone = Phone()
    alerting = Alerting(project, state, FixedClock(NOW), phone)
    alerting.take([signal(level="notice", day=1)], NOW + ONE)
    until(lambda: state.alerts("m")[0].told == ("$SLACK", "2 json"))
    assert state.alerts("m")[0].failed == {}
    assert [route for route, *_ in phone.told] == [ROUTES[1]]


def test_what_a_person_said_meanwhile_stays(project: Project, state: MemoryState) -> None:
    alerting = Alerting(project, state, FixedClock(NOW), None)
    alerting.take([signal()], NOW)
    (alert,) = state.alerts("m")

    def said(row: AlertRow) -> AlertRow:
        return replace(row, silenced_until=NOW + 9 * ONE, confirmed="they recoded it")

    state.change_alert("m", alert.id, said)
    alerting.take([signal(day=1)], NOW + ONE)
    (after,) = state.alerts("m")
    assert (after.confirmed, after.silenced_until) == ("they recoded it", NOW + 9 * ONE)
    assert after.last_seen.date() == BEGIN + ONE


def test_an_alert_that_cannot_be_kept_is_told_in_the_beat_and_stops_nothing(
    project: Project, state: MemoryState
) -> None:
    class Broken(MemoryState):
        def alerts(self, model: str, limit: int | None = None) -> list[AlertRow]:
            if self._signals:
                raise OSError("the disk is full")
            return []

    broken = Broken()
    alerting = Alerting(project, broken, FixedClock(NOW), None)
    broken.save_signals([signal()])
    alerting.take([signal()], NOW)
    assert alerting.fault == "alerts: the disk is full"


def test_a_route_is_named_without_its_secret() -> None:
    assert [named(number, route) for number, route in enumerate(ROUTES, 1)] == ["$SLACK", "2 json"]
