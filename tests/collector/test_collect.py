import random
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from noria.adapters.state import SqlState
from noria.collector.collect import Collector
from noria.delta import Table
from noria.project.table import Column, TableSchema
from noria.rows import RunRow
from noria.testing import FixedClock, MemoryState

HERE = Path(__file__).parent


@pytest.fixture
def clock(start):
    return FixedClock(start)


@pytest.fixture
def state():
    return MemoryState()


@pytest.fixture
def tables(project):
    def read(name):
        return Table(project.home / "lake" / name, by_day=True).scan().collect()

    return read


def test_predictions_and_labels_reach_their_tables_once(
    project, schema, state, clock, write, prediction, label, tables
):
    write(prediction(["a", "b"]), label(["a"], [1]), prediction(["c"], outputs=[None], error="died"))
    collector = Collector(project, schema, state, clock)
    collector.turn(last=True)
    collector.turn(last=True)
    assert sorted(tables("predictions")["id"]) == ["a", "b"]
    assert tables("labels")["id"].to_list() == ["a"]
    window = state.window("flights", 3)[7]
    assert (window.requests, window.errors) == (2, 1)
    facts = state.beats()["collector"]
    assert (facts["backlog"], facts["predictions"], facts["labels"], facts["joined"]) == (0, 2, 1, 0)


def test_a_restart_takes_nothing_twice(project, schema, state, clock, write, prediction, tables):
    for number in range(3):
        write(prediction([f"p{number}"]))
        Collector(project, schema, state, clock).turn(last=True)
    assert sorted(tables("predictions")["id"]) == ["p0", "p1", "p2"]
    assert state.window("flights", 3)[7].requests == 3


def test_a_poisoned_record_is_put_aside(project, schema, state, clock, write, prediction, tables):
    write({"k": "p", "ids": 3}, prediction(["a"]))
    Collector(project, schema, state, clock).turn(last=True)
    assert tables("predictions")["id"].to_list() == ["a"]
    assert state.beats()["collector"]["quarantined"] == 1


def test_a_feature_may_bear_a_name_of_the_table(project, schema, state, clock, write, prediction, tables):
    project = replace(project, data=replace(project.data, features=("version",)))
    schema = TableSchema(columns=(*schema.columns, Column(name="version", kind="text")))
    write(prediction(["a"], columns={"version": ["deluxe"]}))
    Collector(project, schema, state, clock).turn(last=True)
    assert tables("predictions").select("version", "sent_version").row(0) == (7, "deluxe")


STEPS = ("traffic", "predictions", "labels", "quality", "drop")
POINTS = [f"{moment} {step}" for step in STEPS for moment in ("before", "after")]


def test_killed_at_every_step_it_takes_every_record_over_exactly_once(project, tables, tmp_path):
    for number, point in enumerate(POINTS):
        assert run_child(tmp_path, number, point) == -signal.SIGKILL, point
    assert run_child(tmp_path, len(POINTS), "never") == 0
    written = [f"{number}-{row}" for number in range(len(POINTS) + 1) for row in range(20)]
    assert Counter(tables("predictions")["id"]) == Counter(written)
    assert Counter(tables("labels")["id"]) == Counter(written)
    state = SqlState(f"sqlite:///{project.home}/state.db")
    assert state.window("flights", 3)[7].requests == len(written)
    assert sum(row.rows for row in state.quality("flights")) == len(written)
    state.close()
    assert len(list((project.home / "log").glob("*.seg"))) == 1  # the newest, which is still open


def test_killed_at_any_moment_it_takes_every_record_over_exactly_once(project, tables, tmp_path):
    moments = random.Random(7)
    for number in range(4):
        run_child(tmp_path, number, "never", seconds=moments.uniform(0.7, 1.6))
    assert run_child(tmp_path, 4, "never") == 0
    written = {f"{number}-{row}" for number in range(5) for row in range(20)}
    counted = Counter(tables("predictions")["id"])
    assert set(counted.values()) == {1}
    assert {f"4-{row}" for row in range(20)} <= set(counted) <= written


def run_child(root: Path, number: int, point: str, seconds: float = 30) -> int:
    """Run a collector that writes a segment of its own first, and is killed at a point or after a time."""
    command = [sys.executable, str(HERE / "killed.py"), str(root), str(number), point]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as child:
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
        assert b"Traceback" not in child.stderr.read()
    return child.returncode


def test_it_waits_before_it_writes_little(project, schema, state, clock, write, prediction):
    collector = Collector(project, schema, state, clock)
    collector.turn()
    write(prediction(["a"]))
    collector.turn()
    assert state.window("flights", 3)[7].requests == 1  # a rollout sees its traffic at once
    assert Table(project.home / "lake" / "predictions", by_day=True).rows == 0
    clock.advance(timedelta(days=1))  # another day is mature: what it has is written first
    collector.turn()
    assert Table(project.home / "lake" / "predictions", by_day=True).rows == 1


def test_the_labels_that_no_run_has_seen_are_told(
    project, schema, state, clock, start, write, prediction, label
):
    write(
        prediction(["a", "b"]),
        label(["a", "b"], [1, 0]),
        prediction(["c"], hour=30),
        label(["c"], [0], hour=31),
    )
    collector = Collector(project, schema, state, clock)

    def unseen(hour, *runs):
        clock.advance(start + timedelta(hours=hour) - clock.now())
        for run in runs:
            state.save_run(run)
        collector.turn(last=True)
        return state.beats()["collector"]["unseen_labels"]

    assert unseen(47) == 0
    assert unseen(72) == 3  # both days are mature
    run = RunRow(
        id="r1", model="flights", trigger="manual", reason="", status="running", stage="",
        started=start + timedelta(hours=50),
    )  # fmt: skip
    assert unseen(73, run) == 1  # the run saw the first day, which was mature at hour 48
    assert unseen(74, replace(run, status="queued")) == 3
