"""What is said of a day's features and answers, on profiles drawn by chance."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from noria.core.profile.grid import Grid, category_bins, number_bins
from noria.core.profile.profile import Profile, empty
from noria.core.profile.reference import Reference
from noria.monitor.day import Day
from noria.monitor.drift import drift
from noria.monitor.profiling import LATENCY, OUTPUT
from noria.monitor.score import score
from noria.project.model import Data, Project, Task
from noria.rows import SignalRow

FIRST = date(2026, 3, 2)
WIND = number_bins(np.arange(8.0), (10.0, 20.0, 30.0))
GRID = Grid(
    columns={
        "wind": WIND,
        "carrier": category_bins({"AA": 1, "DL": 1, "UA": 1}),
        OUTPUT: number_bins(np.arange(2.0), (0.2, 0.5)),
        LATENCY: number_bins(np.arange(2.0), (0.1,)),
    }
)
USUAL = {
    "wind": [0.25, 0.25, 0.25, 0.25],
    "carrier": [0.5, 0.3, 0.2, 0.0],
    OUTPUT: [0.6, 0.3, 0.1],
    LATENCY: [0.5, 0.5],
}
RECODED = {**USUAL, "carrier": [0.35, 0.45, 0.2, 0.0]}  # 30% of AA as DL


def counted(chances: Mapping[str, Sequence[float]], dice: np.random.Generator, rows: int = 1_000) -> Profile:
    counts = np.concatenate([dice.multinomial(rows, chances[name]) for name in GRID.columns])
    tallies = np.zeros((len(GRID.columns), 4), np.int64)
    tallies[:, 0] = rows
    return replace(empty(GRID), tallies=tallies, counts=counts)


def days(number: int, dice: np.random.Generator) -> dict[str, Profile]:
    return {(FIRST + timedelta(days=each)).isoformat(): counted(USUAL, dice) for each in range(number)}


def day(
    profile: Profile,
    learnt: int = 30,
    *,
    at: int = 0,
    past: int = 0,
    before: Sequence[SignalRow] = (),
    importance: Mapping[str, float] | None = None,
) -> Day:
    data = Data(source=("d",), label="y", features=("wind", "carrier"))
    project = Project(root=Path("/p"), name="m", task=Task.BINARY, data=data, gates=())
    return Day(
        project=project,
        version=7,
        day=FIRST + timedelta(days=100 + at),
        reference=Reference(
            grid=GRID, blocks=days(learnt, np.random.default_rng(1)), importance=importance or {}
        ),
        hours={},
        profile=profile,
        before=before,
        past=days(past, np.random.default_rng(2)),
    )


def levels(signals: Sequence[SignalRow]) -> dict[str, str]:
    return {row.subject: row.level for row in signals}


def test_features_of_a_day_like_all_others_are_as_usual() -> None:
    said = drift(day(counted(USUAL, np.random.default_rng(3))))
    assert levels(said) == {"wind": "ok", "carrier": "ok"}
    assert all(row.value < row.limit for row in said)


def test_the_column_that_drifted_is_named_with_what_moved_and_how_far() -> None:
    wind, carrier = drift(day(counted(RECODED, np.random.default_rng(3))))
    assert wind.level == "ok"
    assert carrier.level == "notice"
    assert carrier.value > carrier.limit
    assert carrier.reason.startswith("carrier drifted: ")
    assert "AA 50% → 3" in carrier.reason
    assert "DL 30% → 4" in carrier.reason


def test_a_number_that_drifted_is_told_by_where_the_shares_differ_most() -> None:
    gusty = {**USUAL, "wind": [0.1, 0.1, 0.1, 0.7]}
    wind, _ = drift(day(counted(gusty, np.random.default_rng(3))))
    assert wind.level == "alert"
    assert "above 30 25% → " in wind.reason


def test_a_bad_day_is_noticed_and_the_second_one_is_an_alert() -> None:
    once = counted(RECODED, np.random.default_rng(3))
    first = drift(day(once))
    assert 0.0042**2 < first[1].numbers["together"] < 0.0042  # rare on a day (1/8 in a month), not as two are
    assert levels(first)["carrier"] == "notice"
    assert levels(drift(day(once, at=1, before=first)))["carrier"] == "alert"
    assert levels(drift(day(once, at=2, before=first)))["carrier"] == "notice"  # a day lies between


@pytest.mark.parametrize(
    ("importance", "level", "said"),
    [
        ({"wind": 0.993, "carrier": 0.007}, "notice", "; less than 1% of the answers hangs on it"),
        ({"wind": 0.7, "carrier": 0.3}, "alert", "; 30% of the answers hangs on it"),
        ({}, "alert", "times its scatter, usually up to"),
    ],
)
def test_drift_of_what_hardly_moves_the_answers_is_no_alert(
    importance: dict[str, float], level: str, said: str
) -> None:
    once = counted(RECODED, np.random.default_rng(3))
    first = drift(day(once, importance=importance))
    _, carrier = drift(day(once, at=1, before=first, importance=importance))
    assert carrier.level == level
    assert said in carrier.reason


def test_columns_that_drift_together_are_weighed_together() -> None:
    both = {**RECODED, "wind": [0.1, 0.1, 0.1, 0.7]}
    for share, level in ((0.004, "notice"), (0.006, "alert")):
        wind, _ = drift(
            day(counted(both, np.random.default_rng(3)), importance={"wind": share, "carrier": share})
        )
        assert wind.level == level


def test_a_version_that_learnt_from_too_few_days_is_never_alarmed_about() -> None:
    (said,) = drift(day(counted(RECODED, np.random.default_rng(3)), learnt=13))
    assert (said.subject, said.level) == ("", "ok")
    assert said.reason == "not judged: version 7 learnt from 13 days of 14"


def test_a_column_without_a_value_on_the_day_is_left_to_others() -> None:
    found = counted(USUAL, np.random.default_rng(3))
    found.counts[GRID.slices["wind"]] = 0
    assert levels(drift(day(found))) == {"carrier": "ok"}


def test_answers_are_held_against_the_days_in_service() -> None:
    dice = np.random.default_rng(5)
    assert levels(score(day(counted(USUAL, dice), past=20))) == {OUTPUT: "ok"}
    surer = {**USUAL, OUTPUT: [0.3, 0.3, 0.4]}
    assert levels(score(day(counted(surer, dice), past=20))) == {OUTPUT: "alert"}


@pytest.mark.parametrize("past", [0, 13])
def test_answers_are_not_judged_before_two_weeks_in_service(past: int) -> None:
    (said,) = score(day(counted(USUAL, np.random.default_rng(5)), past=past))
    assert said.reason == f"not judged: version 7 has served for {past} days of 14"
