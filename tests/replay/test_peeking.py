"""No decision, feature, threshold or metric uses a label before it was known, nor a row before it came.

Two histories are the same up to a moment, and differ in all that was not known then. A policy that is played
on both has decided, served and measured the same up to that moment, or it has looked ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noria.core.maturity import last_mature_day
from noria.jobs import request
from noria.project.model import Project
from noria.project.table import read_schema
from noria.replay.course import Course
from noria.replay.history import NEVER, History, micros, read_history
from noria.replay.jobs import HistoryJobs
from noria.replay.stage import set_up
from noria.replay.workers import Workers
from tests.replay.tiny import BEGIN, DAY, HOUR, NOW, copied, make, rows

POLICY = """
[train]
holdout = "7d"
refit = "auto"
[triggers]
commit = false
labels = 40
cadence = { floor = "7d", ceiling = "14d" }
quality = { metric = "log_loss", worse_by = "1%" }
[[gates]]
check = "beats-baseline"
[[gates]]
check = "better-than-champion"
margin = 0.01
newer = true
[[gates]]
check = "agreement"
correlation = 0.1
[rollout]
steps = [{ shadow = 4 }, { weight = 50, requests = 4 }]
quality = { margin = 0.2 }
guard = "7d"
"""
COLUMN = 'time = "at"\nlabel_delay = "2d"\nlabel_time = "known"'
FROM, TO = BEGIN + 21 * DAY, BEGIN + 49 * DAY
ROWS = 208
"""52 days of four rows."""

Delays = Callable[[pl.DataFrame, np.random.Generator], Any]
DELAYS: dict[str, Delays] = {
    "the same": lambda frame, random: np.full(ROWS, 48.0),
    "random": lambda frame, random: random.exponential(40, ROWS),
    "positives come first": lambda frame, random: np.where(frame["y"] == 1, 6.0, 60.0),
    "a third never come": lambda frame, random: np.where(random.random(ROWS) < 1 / 3, np.nan, 30.0),
}


def generated(delays: str, seed: int) -> pl.DataFrame:
    """Rows whose labels become known at last after delays of this kind."""
    frame, random = rows(ROWS, seed), np.random.default_rng(seed)
    hours = pl.Series(DELAYS[delays](frame, random), nan_to_null=True)
    known = pl.col("at") + pl.duration(seconds=(3600 * hours).cast(pl.Int64))
    return frame.with_columns(known=known).with_columns(y=pl.when(pl.col("known").is_not_null()).then("y"))


def with_another_future(frame: pl.DataFrame, moment: datetime, seed: int) -> pl.DataFrame:
    """The rows from after a moment have other values, a few of them never come, and so do the labels."""
    random = np.random.default_rng(seed + 1)
    came, told = pl.col("at") <= moment, pl.col("known") <= moment
    other = frame.with_columns(
        x=pl.when(came).then("x").otherwise(pl.Series(random.normal(3, 2, ROWS))),
        y=pl.when(told).then("y").otherwise(pl.Series(random.integers(0, 2, ROWS))),
        known=pl.when(told).then("known").otherwise(pl.max_horizontal("known", pl.lit(moment)) + 5 * HOUR),
    ).with_columns(known=pl.coalesce("known", pl.max_horizontal("at", pl.lit(moment)) + HOUR))
    return other.filter(came | pl.Series(random.random(ROWS) < 0.8))


def with_other_labels_undue(frame: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    """The rows that came within the label's delay before a moment have the other label."""
    undue = (pl.col("at") > moment - 2 * DAY) & (pl.col("at") <= moment)
    return frame.with_columns(y=pl.when(undue).then(1 - pl.col("y")).otherwise("y"))


Play = Callable[..., Course]


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory, workers: Workers) -> Play:
    """Plays the policy on a table, with other classes for its parts where these are given."""
    folder = tmp_path_factory.mktemp("peeking")
    project = make(folder / "first", generated("random", 0), data=COLUMN, policy=POLICY)
    numbers = count()

    def play(frame: pl.DataFrame, *, refit: str | bool = "auto", **classes: Any) -> Course:
        copy = copied(project, folder / str(next(numbers)), frame)
        return course_of(replace(copy, train=replace(copy.train, refit=refit)), workers, **classes)

    return play


def course_of(
    project: Project,
    workers: Workers,
    *,
    history: type[History] = History,
    jobs: type[HistoryJobs] = HistoryJobs,
    course: type[Course] = Course,
) -> Course:
    schema = read_schema(project.root)
    seen = read_history(project, schema, NOW)
    seen = history(**{name: getattr(seen, name) for name in History.__slots__})
    stage = set_up(project, schema, seen, workers, FROM, TO)
    asked = request(project, schema, stage.checkout, "", Path(), None)
    played = course(
        project,
        stage.labelled,
        lambda clock: jobs(project, stage.labelled, stage.trainings, asked, clock, from_champion=False),
        FROM,
    )
    played.run(TO, lambda moment: None)
    return played


def run_of(course: Course, number: int) -> datetime:
    """The moment of one of its runs: never is it easier to look ahead."""
    runs = [entry["at"] for entry in course.state.ledger("tiny") if entry["kind"] == "run"]
    return datetime.fromtimestamp(runs[number], UTC)


def past(course: Course, moment: datetime) -> dict[str, Any]:
    """What was decided, served and measured up to a moment."""
    ledger = course.state.ledger("tiny")
    mature = last_mature_day(course.parts.project.data.label_delay, moment - DAY).isoformat()
    return {
        "ledger": [entry for entry in ledger if entry["at"] <= moment.timestamp()],
        "served": course.served[course.jobs._history.times <= micros(moment)],
        "quality": [row for row in course.state.quality("tiny") if row.day <= mature],
    }


def assert_same_past(one: Course, other: Course, moment: datetime) -> None:
    before, after = past(one, moment), past(other, moment)
    assert before["ledger"] == after["ledger"]
    assert np.array_equal(before["served"], after["served"], equal_nan=True)
    assert before["quality"] == after["quality"]


@settings(max_examples=4, deadline=None, derandomize=True)
@given(delays=st.sampled_from(list(DELAYS)), seed=st.integers(0, 1000), run=st.integers(1, 2))
def test_the_future_changes_nothing_before(play: Play, delays: str, seed: int, run: int) -> None:
    frame = generated(delays, seed)
    course = play(frame)
    moment = run_of(course, run)
    assert_same_past(course, play(with_another_future(frame, moment, seed)), moment)


class KnownAtOnce(History):
    def labelled(self, now: datetime) -> np.ndarray:
        return (self.times <= micros(now)) & (self.known < NEVER)


class MeasuredAtOnce(Course):
    def _quality_of(self, day: Any, now: int) -> Any:
        return super()._quality_of(day, NEVER - 1)


@pytest.mark.parametrize("cheat", [{"history": KnownAtOnce}, {"course": MeasuredAtOnce}], ids=str)
def test_a_replay_that_looks_ahead_is_caught(play: Play, cheat: dict[str, Any]) -> None:
    """At one of the last runs: at some of them no label was late, and there was nothing to see ahead."""
    frame = generated("random", 3)
    course = play(frame, **cheat)

    def is_caught(moment: datetime) -> bool:
        other = play(with_another_future(frame, moment, 3), **cheat)
        try:
            assert_same_past(course, other, moment)
        except AssertionError:
            return True
        return False

    assert any(is_caught(run_of(course, number)) for number in (-1, -2, -3))


class DueAtOnce(HistoryJobs):
    def __init__(self, project: Project, *arguments: Any, **more: Any) -> None:
        hasty = replace(project, data=replace(project.data, label_delay=timedelta(0)))
        super().__init__(hasty, *arguments, **more)


@pytest.mark.parametrize(("jobs", "caught"), [(HistoryJobs, False), (DueAtOnce, True)])
def test_a_label_that_comes_before_it_is_due_judges_nobody(
    play: Play, jobs: type[HistoryJobs], caught: bool
) -> None:
    frame = generated("positives come first", 5)
    course = play(frame, jobs=jobs, refit=False)
    moment = run_of(course, 2)
    other = play(with_other_labels_undue(frame, moment), jobs=jobs, refit=False)
    assert (past(course, moment)["ledger"] != past(other, moment)["ledger"]) == caught


def test_a_class_that_comes_later_changes_nothing_before(tmp_path: Path, workers: Workers) -> None:
    frame = generated("random", 7).with_columns(y=pl.col("y").replace_strict({0: "b", 1: "c"}))
    project = make(tmp_path / "two", frame, task="multiclass", data=COLUMN, policy=POLICY)
    two = course_of(project, workers)
    moment = run_of(two, 2)
    later = (pl.col("at") > moment) & (pl.col("x") > 0.5)
    third = frame.with_columns(y=pl.when(later).then(pl.lit("a")).otherwise("y"))
    three = course_of(copied(project, tmp_path / "three", third), workers)
    assert three.served.shape[1] == two.served.shape[1] + 1
    assert past(two, moment)["ledger"] == past(three, moment)["ledger"]
    served = past(three, moment)["served"]
    assert np.array_equal(past(two, moment)["served"], served[:, 1:], equal_nan=True)
    assert np.nansum(served[:, 0]) == 0
