"""What a course is told and tells besides what the loop decides, which is tested with the loop."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from noria.core.traffic import choose
from noria.jobs import request
from noria.project.table import read_schema
from noria.replay.course import Course, _step_over
from noria.replay.history import read_history
from noria.replay.jobs import HistoryJobs
from noria.replay.stage import set_up
from noria.replay.workers import Workers
from tests.replay.tiny import BEGIN, DAY, HOUR, NOW, make, rows

FROM, TO = BEGIN + 21 * DAY, BEGIN + 42 * DAY
DATA = 'time = "at"\nentity = "who"\nlabel_delay = "1d"'
POLICY = """
[train]
holdout = "7d"
refit = false
[triggers]
commit = false
labels = 30
[[gates]]
check = "finite"
[rollout]
steps = [{ weight = 50, requests = 40 }]
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, workers: Workers) -> Course:
    """Six weeks of four rows a day; 30 labels start a run, whose model first gets half of the rows."""
    folder = tmp_path_factory.mktemp("course")
    frame = rows(168).with_columns(who=pl.format("e{}", pl.int_range(168) // 2))
    project = make(folder / "tiny", frame, data=DATA, policy=POLICY)
    schema = read_schema(project.root)
    stage = set_up(project, schema, read_history(project, schema, NOW), workers, FROM, TO)
    asked = request(project, schema, stage.checkout, "", Path(), None)
    course = Course(
        project,
        stage.labelled,
        lambda clock: HistoryJobs(
            project, stage.labelled, stage.trainings, asked, clock, from_champion=False
        ),
        FROM,
    )
    course.run(TO, lambda moment: None)
    return course


def entries(course: Course, kind: str) -> list[dict]:
    return [entry for entry in course.state.ledger("tiny") if entry["kind"] == kind]


def test_each_row_is_answered_once_by_the_version_that_it_was_dealt_to(course):
    history = course.jobs._history
    answered = history.arrived(FROM, TO)
    assert not course.versions[: answered.start].any()
    assert np.isnan(course.served[: answered.start]).all()
    for version in np.unique(course.versions[answered.start : answered.stop]):
        mine = np.flatnonzero(course.versions == version)
        said = course.answers(int(version), range(len(course.served)))
        assert np.array_equal(course.served[mine], said[mine])


def test_an_entity_is_dealt_as_the_gateway_deals_it(course):
    dealt = [plan for plan in course._plans.values() if len(plan.arms) > 1]
    assert dealt
    for plan in dealt:
        for row in np.flatnonzero(course._numbers == plan.number):
            assert course.versions[row] == choose(plan, f"e{row // 2}")


def test_requests_are_counted_by_plan_and_version(course):
    for number in course._plans:
        counted = {version: arm.requests for version, arm in course.state.window("tiny", number).items()}
        mine = course.versions[course._numbers == number]
        assert counted == {int(version): int((mine == version).sum()) for version in np.unique(mine)}


def test_days_are_measured_when_they_are_mature(course):
    """Labels are due after a day: as the 12th begins, with which the replay ends, all of the 10th are."""
    rows = course.state.quality("tiny")
    assert max(row.day for row in rows) == "2013-02-10"
    by_day = {}
    for row in rows:
        by_day[row.day] = by_day.get(row.day, 0) + row.predictions
        assert row.rows == row.predictions  # none of these labels is late
    days = sorted(by_day)
    assert days[0] == "2013-01-22"
    # rows come at 0, 6, 12 and 18 o'clock; that of the first midnight came before the replay began
    assert [by_day[day] for day in days] == [3] + [4] * (len(days) - 1)


def test_labels_call_for_a_run_once_so_many_are_mature(course):
    """Three on the first day and four on each: 31 are there when 8 days are mature, a day after they end.

    The rollout then lasts to the end, as 40 requests at two a day do, and holds what can wait.
    """
    runs = entries(course, "run")
    assert [run["body"]["triggers"][0]["cause"] for run in runs] == ["manual", "labels"]
    assert runs[1]["body"]["triggers"][0]["reason"] == "31 new labels"
    assert runs[1]["at"] == (FROM + 9 * DAY).timestamp()


@pytest.mark.parametrize(
    ("span", "step"),
    [
        (334 * DAY, DAY / 2),  # 334 looks would be too few, 668 are enough
        (600 * DAY, DAY),
        (1199 * DAY, DAY),
        (15_700 * DAY, 26 * DAY),  # 43 years
        (28 * DAY, DAY / 32),  # 28 * 16 is 448
        (6 * HOUR, DAY / 4096),  # a quarter of a day: 512 looks are too few
    ],
)
def test_a_history_is_looked_at_on_a_grid_of_days(span, step):
    assert _step_over(span) == step
    assert not step % DAY or DAY % step < timedelta(microseconds=1)
