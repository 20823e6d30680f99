"""One policy on its course through a history: the live loop, turned on a virtual clock.

`noria.loop.turn` decides and acts here as it does in production; what differs is what it is given: a state in
memory, gateways that load at once, jobs on a history, and rows that arrive when they did.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np

from noria.core.entities import NOBODY, cell, marked
from noria.core.maturity import last_mature_day, matures_at
from noria.core.policy import Cause
from noria.core.quality import METRICS, Array
from noria.core.traffic import Plan, choose
from noria.core.window import ArmCounts
from noria.errors import JobKilled, NoriaError
from noria.loop.durable import StepFault
from noria.loop.parts import Parts
from noria.loop.projection import publish
from noria.loop.retrain import retrain
from noria.loop.turn import turn
from noria.project.model import Project
from noria.realised import realised
from noria.replay.history import micros
from noria.replay.jobs import HistoryJobs, Labelled
from noria.rows import QualityRow, RunRow
from noria.testing import FixedClock, MemoryCommits, MemoryGateways, MemoryState

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
"""While a rollout is open, the policy looks at least so often."""
STEPS = 600
"""A history is looked at at least so many times, and once a day if that is not twice as often or more."""
MOVES = 16
"""Turns at one moment, at most: what follows from what; a rollout has fewer steps."""


class Course:
    """Plays the policy of `project`; `served` and `versions`, of shape (n,), tell what answered each row."""

    def __init__(
        self, project: Project, labelled: Labelled, jobs: Callable[[FixedClock], HistoryJobs], begin: datetime
    ) -> None:
        self._labelled = labelled
        self._history = labelled.history
        self._begin = begin
        self.clock = FixedClock(begin)
        self.jobs = jobs(self.clock)
        self.state = MemoryState()
        self.parts = Parts(
            model=project.name,
            read_project=lambda: project,
            clock=self.clock,
            state=self.state,
            jobs=self.jobs,
            gateways=MemoryGateways(),
            commits=MemoryCommits(),
        )
        classes = len(labelled.classes)
        shape = (len(labelled.truth), classes) if project.task == "multiclass" else (len(labelled.truth),)
        self.served: Array = np.full(shape, np.nan)
        self.versions = np.zeros(len(labelled.truth), dtype=np.int64)
        self._numbers = np.zeros(len(labelled.truth), dtype=np.int64)
        self._plans: dict[int, Plan] = {}
        self._offset = 0
        self._measured = begin.date() - DAY
        self._joined: dict[date, int] = {}
        self._labels = np.sort(np.maximum(self._history.times, self._history.known))
        self._loss = project.loss
        watched = project.triggers.quality
        self._metrics = (self._loss, *([METRICS[watched.metric]] if watched else []))

    def run(self, end: datetime, tell: Callable[[datetime], None]) -> None:
        """Play from the beginning to `end`; `tell` hears of each day."""
        self._ask_for_the_first()
        self._turn()
        step = _step_over(end - self._begin)
        while (now := self.clock.now()) < end:
            row = self.state.model(self.parts.model)
            pace = min(step, HOUR) if row.rollout and not row.rollout.ended else step
            until = min(self._begin + ((now - self._begin) // pace + 1) * pace, end)
            self._serve(now, until)
            self.clock.advance(until - now)
            self._measure()
            self._turn()
            tell(until)

    def _ask_for_the_first(self) -> None:
        now = self.clock.now()
        asked = RunRow(
            id="first",
            model=self.parts.model,
            trigger=Cause.MANUAL,
            reason="the replay begins",
            status="queued",
            stage="queued",
            started=now,
        )
        self.state.save_run(asked)

    def _turn(self) -> None:
        """Turn the wheel until nothing follows any more."""
        for _ in range(MOVES):
            seen = turn(self.parts, self._begin, lambda run: retrain(self.parts, run, _step))
            publish(self.parts)
            if not seen.started and not seen.moved:
                return

    def _serve(self, since: datetime, until: datetime) -> None:
        """Answer the rows that come meanwhile, by the plan that holds, and count what each version did."""
        numbers = self._history.arrived(since, until)
        plan = self.state.model(self.parts.model).plan
        if not numbers or plan is None or not plan.arms:
            return
        self._plans[plan.number] = plan
        entities = self._entities(numbers)
        chosen = np.array(
            [choose(plan, entity) for entity in entities] if len(plan.arms) > 1 else plan.champion
        )
        rows = slice(numbers.start, numbers.stop)
        self.versions[rows], self._numbers[rows] = chosen, plan.number
        for version in np.unique(chosen):
            answered = self.versions[rows] == version
            self.served[rows][answered] = self.answers(int(version), numbers)[answered]
        self._count(plan, self.versions[rows], entities)

    def _count(self, plan: Plan, chosen: np.ndarray, entities: list[str]) -> None:
        """Tell the state what the collector would, but for latencies: requests and entities by version."""
        arms = {}
        for version in plan.versions:
            met = np.ones(len(chosen), dtype=bool) if version == plan.shadow else chosen == version
            if met.any():
                cells = (
                    marked({cell(entities[row]) for row in np.flatnonzero(met)})
                    if len(plan.arms) > 1
                    else NOBODY
                )
                arms[plan.number, version] = ArmCounts(requests=int(met.sum()), entities=cells)
        self._offset += 1
        self.state.add_traffic(self.parts.model, ("history", self._offset), arms)

    def _entities(self, numbers: range) -> list[str]:
        name = self.parts.project.data.entity
        if name is None:
            return [str(number) for number in numbers]
        part = self._history.rows[name][numbers.start : numbers.stop]
        return [str(entity) for entity in part.cast(str).fill_null("").to_list()]

    def answers(self, version: int, numbers: range) -> Array:
        """Return what a version says of the rows of these numbers."""
        row = self.state.version(self.parts.model, version)
        assert row is not None
        return self.jobs.answers(row.artifact, numbers)

    def _measure(self) -> None:
        """Measure the days that have become mature, as the collector does, and tell what else it would."""
        now, data = self.clock.now(), self.parts.project.data
        while self._measured < last_mature_day(data.label_delay, now):
            self._measured += DAY
            rows = self._quality_of(self._measured, micros(now))
            self.state.save_quality(rows)
            self._joined[self._measured] = sum(row.rows for row in rows if row.role != "shadow")
        since = self.state.runs(self.parts.model, 1)[0].started
        fresh = (n for day, n in self._joined.items() if matures_at(day, data.label_delay) > since)
        source = np.searchsorted(self._labels, micros(now), side="right")
        self.state.beat("collector", now, {"unseen_labels": sum(fresh), "source": str(source)})

    def _quality_of(self, day: date, now: int) -> list[QualityRow]:
        """Return a row for each version and role of a day, shadows among them."""
        start = datetime.combine(day, time(), UTC) - MICROSECOND
        numbers = self._history.arrived(start, start + DAY)
        rows = slice(numbers.start, numbers.stop)
        parts: dict[tuple[int, str], np.ndarray] = {}
        for number in np.unique(self._numbers[rows][self._numbers[rows] > 0]):
            plan, under = self._plans[int(number)], self._numbers[rows] == number
            for version in plan.versions:
                answered = under if version == plan.shadow else under & (self.versions[rows] == version)
                key = version, plan.role(version)
                parts[key] = parts.get(key, False) | answered
        return [
            self._quality_row(day, version, role, numbers, asked, asked & (self._history.known[rows] <= now))
            for (version, role), asked in sorted(parts.items())
            if asked.any()
        ]

    def _quality_row(
        self, day: date, version: int, role: str, numbers: range, asked: np.ndarray, judged: np.ndarray
    ) -> QualityRow:
        served = self.served[numbers.start : numbers.stop][judged]
        project, is_shadow = self.parts.project, role == "shadow"
        return realised(
            self.parts.model,
            str(project.task),
            day=day.isoformat(),
            version=version,
            role=role,
            predictions=int(asked.sum()),
            truth=self._labelled.truth[numbers.start : numbers.stop][judged],
            output=self.answers(version, numbers)[judged] if is_shadow else served,
            loss=self._loss,
            champion=served if is_shadow else None,
            metrics=self._metrics,
        )


def _step_over(span: timedelta) -> timedelta:
    """Return whole days, or a day parted in halves, so that policies that meet on a day train the same."""
    days = span / DAY
    if days >= 2 * STEPS:
        return int(days / STEPS) * DAY
    looks = 1
    while looks * days < STEPS:
        looks *= 2
    return DAY / looks


def _step(name: str, work: Callable[[], Any], kind: type[Any]) -> Any:
    """Do a step of a run at once; what noria raises ends the run, as it does in the live loop."""
    try:
        return work()
    except JobKilled:
        raise  # the processes of the replay are gone
    except NoriaError as error:
        raise StepFault(error.message, error.hint) from error
