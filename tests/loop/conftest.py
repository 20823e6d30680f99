"""A loop in memory: the real policy, rollout and state machine, without processes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from noria.core.gates import Gate
from noria.core.policy import Brakes, Triggers
from noria.core.rollout import Step
from noria.core.window import AbortRule
from noria.loop.parts import Parts
from noria.project.model import Data, Project, RolloutPolicy, Serve, Task, Train
from noria.rows import VersionRow
from noria.testing import FixedClock, MemoryCommits, MemoryGateways, MemoryJobs, MemoryState

NOW = datetime(2013, 3, 1, 9, tzinfo=UTC)
STEPS = (Step(weight=0, requests=50), Step(weight=10, requests=50))
ERRORS = AbortRule(measure="error_rate", limit=0.01, of_champion=False, text="error_rate > 1%")
GATES = (
    Gate(check="enough-rows", options={"rows": 10}),
    Gate(check="agreement", options={"correlation": 0.9}),
)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Parts]:
    """Return the maker of a loop, given changes to the project's policy."""

    def build(**changes: Any) -> Parts:
        project = replace(_project(tmp_path), **changes)
        return Parts(
            model="m",
            read_project=lambda: project,
            clock=FixedClock(NOW),
            state=MemoryState(),
            jobs=MemoryJobs(),
            gateways=MemoryGateways(),
            commits=MemoryCommits(commit="c1"),
        )

    return build


@pytest.fixture
def register() -> Callable[[Parts, int], None]:
    """Return the way to register a version without a run."""

    def save(parts: Parts, number: int) -> None:
        facts = {
            "metrics": {"log_loss": 0.5},
            "daily": {},
            "twin": "/twin",
            "refit": True,
            "data_version": 1,
            "commit": "c0",
            "holdout_from": "2013-02-22T00:00:00+00:00",
            "learnt": "2013-02-28T00:00:00+00:00",
        }
        row = VersionRow(
            model="m", version=number, run="r", artifact="/a", digest="d", registered=NOW, facts=facts
        )
        parts.state.save_version(row)

    return save


def _project(root: Path) -> Project:
    return Project(
        root=root,
        name="m",
        task=Task.BINARY,
        pipeline="pipeline.py",
        owner="",
        purpose="",
        risk="low",
        data=Data(source=("*.csv",), label="y", features=("x",)),
        train=Train(params={}),
        triggers=Triggers(),
        brakes=Brakes(),
        gates=GATES,
        rollout=RolloutPolicy(steps=STEPS, abort=(ERRORS,)),
        serve=Serve(),
    )
