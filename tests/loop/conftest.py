"""A loop in memory: the real policy, rollout and state machine, without processes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from noria.core.gates import Evidence, Gate
from noria.core.policy import Brakes, Triggers
from noria.core.rollout import Step
from noria.core.traffic import Plan
from noria.core.window import AbortRule, ArmCounts, histogram
from noria.loop.parts import Parts
from noria.ports import Checkout, RunRow, Snapshot, Training, VersionRow
from noria.project.model import Data, Project, RolloutPolicy, Serve, Task, Train
from noria.testing import FixedClock, MemoryState

NOW = datetime(2013, 3, 1, 9, tzinfo=UTC)
STEPS = (Step(weight=0, requests=50), Step(weight=10, requests=50))
ERRORS = AbortRule(measure="error_rate", limit=0.01, of_champion=False, text="error_rate > 1%")
GATES = (
    Gate(check="enough-rows", options={"rows": 10}),
    Gate(check="agreement", options={"correlation": 0.9}),
)


@dataclass
class MemoryGateways:
    """One gateway that loads everything but the versions in `broken`, at once."""

    plans: list[Plan] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)

    def publish(self, plan: Plan, versions: dict[int, VersionRow]) -> None:
        assert set(versions) == set(plan.versions)
        self.plans.append(plan)

    def loaded(self, version: int) -> bool:
        return bool(self.plans) and version in self.plans[-1].versions and version not in self.broken

    def failed(self, version: int) -> str:
        return self.broken.get(version, "")


@dataclass
class MemoryJobs:
    """Jobs that measure nothing: their evidence is given. `done` are their names, in order."""

    rows: int = 100
    agreement: float | None = 1.0
    raises: dict[str, Exception] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    registered: int = 0

    def _do(self, job: str) -> None:
        self.done.append(job)
        if job in self.raises:
            raise self.raises[job]

    def checkout(self, run: str, commit: str | None) -> Checkout:
        self._do("checkout")
        return Checkout(path="/checkout", commit=commit)

    def snapshot(self, run: str) -> Snapshot:
        self._do("snapshot")
        return Snapshot(
            version=1, rows=1000, new_rows=10, quarantined=0, train="t", holdout="h", full="f",
            holdout_from="2013-02-22", holdout_rows=self.rows,
        )  # fmt: skip

    def train(self, run: str, checkout: Checkout, rows: str, name: str, champion: str | None) -> Training:
        self._do(name)
        return Training(artifact=f"/{run}/{name}", digest=name, rows=900, seconds=1.0, steps=())

    def evaluate(self, run: str, snapshot: Snapshot, candidate: str, rival: Any, newer: bool) -> Evidence:
        self._do("evaluate")
        return Evidence(rows=self.rows, metrics={"log_loss": 0.5})

    def agree(self, run: str, snapshot: Snapshot, candidate: str, shipped: str) -> Evidence:
        self._do("agree")
        return Evidence(rows=self.rows, agreement=self.agreement)

    def register(self, run: RunRow, shipped: Training, twin: Training) -> VersionRow:
        self._do("register")
        self.registered += 1
        return version(self.registered, run=run.id)

    def point(self, version: int) -> None:
        self._do(f"point {version}")


@dataclass
class OneCommit:
    """A repository with one commit."""

    commit: str | None = "c1"

    def head(self) -> str | None:
        return self.commit


def version(number: int, run: str = "r") -> VersionRow:
    facts = {
        "metrics": {"log_loss": 0.5}, "twin": "/twin", "refit": True, "data_version": 1, "commit": "c0",
        "holdout_from": "2013-02-22",
    }  # fmt: skip
    return VersionRow(
        model="m", version=number, run=run, artifact="/a", digest="d", registered=NOW, facts=facts
    )


def counts(requests: int, errors: int = 0) -> ArmCounts:
    return ArmCounts(requests=requests, errors=errors, bins=histogram([0.001] * requests))


def project(tmp_path: Path, **changes: Any) -> Project:
    made = Project(
        root=tmp_path, name="m", task=Task.BINARY, pipeline="pipeline.py", owner="", purpose="", risk="low",
        data=Data(source=("*.csv",), label="y", features=("x",)), train=Train(params={}),
        triggers=Triggers(), brakes=Brakes(), gates=GATES,
        rollout=RolloutPolicy(steps=STEPS, abort=(ERRORS,)), serve=Serve(),
    )  # fmt: skip
    return replace(made, **changes)


def parts_of(made: Project, jobs: MemoryJobs | None = None) -> Parts:
    return Parts(
        model="m", read_project=lambda: made, clock=FixedClock(NOW), state=MemoryState(),
        jobs=jobs or MemoryJobs(), gateways=MemoryGateways(), commits=OneCommit(),
    )  # fmt: skip


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return parts_of(project(tmp_path))


def kinds(parts: Parts) -> Sequence[str]:
    return [entry["kind"] for entry in parts.state.ledger("m")]
