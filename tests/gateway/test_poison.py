"""A version that misbehaves as a canary: no client notices, and its rollout ends by itself, and says why."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.evidence import Found, write
from noria.adapters.gateways import PlanFile
from noria.clock import WallClock
from noria.collector.collect import Collector
from noria.core.rollout import Phase, Rollout, Step
from noria.core.traffic import Plan, choose
from noria.core.window import AbortRule
from noria.loop.parts import Parts
from noria.loop.projection import Projection
from noria.loop.turn import turn
from noria.project.model import Data, Project, RolloutPolicy, Task
from noria.project.table import Column, TableSchema
from noria.rows import VersionRow
from noria.testing import MemoryCommits, MemoryJobs, MemoryState

FEATURES = tuple(f"x{number}" for number in range(20))
ERRORS = AbortRule(measure="error_rate", limit=0.01, of_champion=False, text="error_rate > 1%")
SLOW = AbortRule(measure="p99", limit=2.0, of_champion=True, text="p99 > 2x champion")
POISONS = {
    # behaviour, its size, and what the reason of the abort says
    "segfault": (0, "SIGSEGV"),
    "exit": (0, "ended with 3"),
    "loop": (0, "did not answer within"),
    "slow": (0.1, "p99"),  # seconds a call, a hundred times the champion's
    "leak": (20e6, "memory"),  # bytes a call
    "nan": (0, "NaN"),
    "shape": (0, "shape"),
    "huge": (1e9, "out of memory"),  # bytes, four times what the host may hold
    "raise": (1, "raised"),
}
AT_MOST = 1.2
"""Times the champion's p99 without a canary."""


@dataclass(frozen=True)
class Asked:
    """A request: of whom, when (monotonic), how long it took (seconds), and the status of its answer."""

    entity: str
    at: float
    seconds: float
    status: int


class Clients:
    """Four in a process of their own, each asks without a pause, each request as another entity."""

    def __init__(self, gateway: Any) -> None:
        self.asked: list[Asked] = []
        self._fork = multiprocessing.get_context("fork")
        self._ours, theirs = self._fork.Pipe()
        self._process = self._fork.Process(target=_ask_until_told, args=(gateway, theirs))

    def __enter__(self) -> Clients:
        self._process.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ours.send("enough")
        self.asked = self._ours.recv()
        self._process.join()

    def seconds(self, begin: float, end: float, plan: Plan | None = None) -> list[float]:
        """Return how long the requests of a time took; with a plan, those that it gives to the champion."""
        return [
            each.seconds
            for each in self.asked
            if begin <= each.at < end and (plan is None or choose(plan, each.entity) == 1)
        ]


def _ask_until_told(gateway: Any, pipe: Any) -> None:
    asked: list[Asked] = []
    stop = threading.Event()

    def ask(client: int) -> None:
        for number in count():
            if stop.is_set():
                return
            entity, began = f"{client}-{number}", time.monotonic()
            answer = gateway.infer(x_noria_entity=entity)
            asked.append(Asked(entity, began, time.monotonic() - began, answer.status))

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(4)]
    for thread in threads:
        thread.start()
    pipe.recv()
    stop.set()
    for thread in threads:
        thread.join()
    pipe.send(asked)


@pytest.fixture
def gateway(run: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    """The gateway of a project, with little patience and little memory."""
    with run(tmp_path / ".noria", deadline=1.0, memory=2**28) as started:
        yield started


@pytest.fixture
def parts(gateway: Any) -> Parts:
    """A loop in memory whose gateway is the real one."""
    project = Project(
        root=gateway.home.parent,
        name="m",
        task=Task.BINARY,
        data=Data(source=("*.csv",), label="y", features=FEATURES),
        gates=(),
        rollout=RolloutPolicy(steps=(Step(weight=20, requests=5000),), abort=(ERRORS, SLOW)),
    )
    return Parts(
        model="m",
        read_project=lambda: project,
        clock=WallClock(),
        state=MemoryState(),
        jobs=MemoryJobs(),
        gateways=PlanFile(gateway.home),
        commits=MemoryCommits(commit="c"),
    )


@pytest.fixture(scope="module")
def survived() -> Iterator[list[Sequence[object]]]:
    """What each poison did, written down when all were tried."""
    rows: list[Sequence[object]] = []
    yield rows
    if len(rows) == len(POISONS):
        found = Found(
            title="Poisonous versions",
            how=(
                "Each as a canary with a fifth of the entities, beside a healthy champion, four clients "
                "without a pause, a deadline of 1 s. The champion's p99 is that of the requests that the "
                "plan gives to it while the canary answers, against the 4 s before; in brackets, while the "
                "canary's process starts and loads. All of them share two processors."
            ),
            header=(
                "the version",
                "client errors",
                "requests",
                "champion's p99, times",
                "(at its start)",
                "seconds",
                "ended",
                "because",
            ),
            rows=rows,
            target=f"Target: 0 client errors, at most {AT_MOST:g} times the p99, rolled back with the cause",
            reached=all(not row[1] and float(str(row[3])) <= AT_MOST for row in rows),
        )
        print(write("poison", found))


@pytest.mark.parametrize(
    "behaviour",
    [name if name == "segfault" else pytest.param(name, marks=pytest.mark.evidence) for name in POISONS],
)
def test_a_poisonous_canary_is_taken_back_and_nobody_notices(
    parts: Parts, model: Callable[..., Any], survived: list[Sequence[object]], gateway: Any, behaviour: str
) -> None:
    much, cause = POISONS[behaviour]
    loop = Loop(parts)
    release(parts, 1, model())
    loop.until(Phase.PROMOTED)
    gateway.wait_until(lambda: gateway.infer().status == 200, "the champion serves")
    poisonous = model(behaviour, much)
    with Clients(gateway) as clients:
        loop.turn_for(1)  # of the first answers the connections are new
        alone = time.monotonic()
        loop.turn_for(4)
        beside = time.monotonic()
        release(parts, 2, poisonous)
        ended, shared, since = loop.until(Phase.ROLLED_BACK)
        over = time.monotonic()
    assert shared is not None
    usual = p99(clients.seconds(alone, beside))
    starting = p99(clients.seconds(beside, since)) / usual
    times = p99(clients.seconds(since, over, shared)) / usual
    failed = [each for each in clients.asked if each.status != 200]
    survived.append(
        (
            behaviour,
            len(failed),
            len(clients.asked),
            times,
            starting,
            over - since,
            ended.phase.value,
            ended.reason,
        )
    )
    assert failed == []
    assert cause in ended.reason
    assert gateway.infer().status == 200


def release(parts: Parts, number: int, artifact: Any) -> None:
    """Register a version, as a run does at its end."""
    facts = {"metrics": {"log_loss": 0.5}, "daily": {}, "learnt": "2013-02-28T00:00:00+00:00"}
    row = VersionRow(
        model="m",
        version=number,
        run=f"run{number}",
        artifact=str(artifact.path),
        digest=artifact.digest,
        registered=datetime.now(UTC),
        facts=facts,
    )
    parts.state.save_version(row)


class Loop:
    """The controller's turns and the collector's, one after the other, in this process."""

    def __init__(self, parts: Parts) -> None:
        columns = tuple(Column(name=name, kind="number") for name in (*FEATURES, "y"))
        self._parts = parts
        self._collector = Collector(parts.project, TableSchema(columns=columns), parts.state, parts.clock)
        self._projection = Projection(parts)
        self._begin = datetime.now(UTC)

    def turn_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._turn()

    def until(self, phase: Phase) -> tuple[Rollout, Plan | None, float]:
        """Turn until the newest version's rollout ends so.

        Returns the rollout, the plan that shared the traffic, and since when.
        """
        newest = max(row.version for row in self._parts.state.versions("m"))
        since, shared = time.monotonic(), None
        deadline = since + 120
        while time.monotonic() < deadline:
            self._turn()
            row = self._parts.state.model("m")
            if shared is None and row.plan and len(row.plan.arms) == 2:
                shared, since = row.plan, time.monotonic()
            if row.rollout and row.rollout.version == newest and row.rollout.phase is phase:
                return row.rollout, shared, since
        raise AssertionError(f"the rollout did not end: {self._parts.state.ledger('m')[-3:]}")

    def _turn(self) -> None:
        self._collector.turn()
        turn(self._parts, self._begin, launch=lambda run: None)
        self._projection.repair()
        time.sleep(0.2)


def p99(latencies: Sequence[float]) -> float:
    return float(np.quantile(latencies, 0.99))
