"""A version that misbehaves as a canary: no client notices, and its rollout ends by itself, and says why."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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


@dataclass
class Clients:
    """Ask one after the other, each in a thread, each request as another entity; remember how it went."""

    gateway: Any
    latencies: list[tuple[str, float]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Clients:
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(4)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, client: int) -> None:
        for number in count():
            if self._stop.is_set():
                return
            entity = f"{client}-{number}"
            began = time.perf_counter()
            answer = self.gateway.infer(x_noria_entity=entity)
            self.latencies.append((entity, time.perf_counter() - began))
            if answer.status != 200:
                self.failed.append(f"{answer.status} {answer.body!r}")


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
                "plan gives to it, against the same without a canary; all of them share two processors."
            ),
            header=("the version", "client errors", "requests", "champion's p99, times", "ended", "because"),
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
    release(parts, 1, model())
    carry_on(parts, Phase.PROMOTED)
    gateway.wait_until(lambda: gateway.infer().status == 200, "the champion serves")
    with Clients(gateway) as clients:
        time.sleep(2)
        usual, clients.latencies = clients.latencies, []
        release(parts, 2, model(behaviour, much))
        ended, shared = carry_on(parts, Phase.ROLLED_BACK)
    assert shared is not None
    times = p99(of_champion(clients.latencies, shared)) / p99([seconds for _, seconds in usual])
    asked = len(clients.latencies)
    survived.append((behaviour, len(clients.failed), asked, times, ended.phase.value, ended.reason))
    assert clients.failed == []
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


def carry_on(parts: Parts, phase: Phase) -> tuple[Rollout, Plan | None]:
    """Turn the wheel, with the collector's counts of the traffic, until the newest version's rollout ends so.

    Returns the rollout, and the plan under which two versions answered.
    """
    columns = tuple(Column(name=name, kind="number") for name in (*FEATURES, "y"))
    collector = Collector(parts.project, TableSchema(columns=columns), parts.state, parts.clock)
    projection = Projection(parts)
    newest = max(row.version for row in parts.state.versions("m"))
    begin, deadline, shared = datetime.now(UTC), time.monotonic() + 120, None
    while time.monotonic() < deadline:
        collector.turn()
        turn(parts, begin, launch=lambda run: None)
        projection.repair()
        row = parts.state.model("m")
        shared = row.plan if row.plan and len(row.plan.arms) == 2 else shared
        if row.rollout and row.rollout.version == newest and row.rollout.phase is phase:
            return row.rollout, shared
        time.sleep(0.1)
    raise AssertionError(f"the rollout did not end: {parts.state.ledger('m')[-3:]}")


def of_champion(latencies: Sequence[tuple[str, float]], plan: Plan) -> list[float]:
    """Return the latencies of the requests that the canary's plan gives to the champion."""
    return [seconds for entity, seconds in latencies if choose(plan, entity) == 1]


def p99(latencies: Sequence[float]) -> float:
    return float(np.quantile(latencies, 0.99))
