from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.cadence import Gain
from noria.core.policy import (
    Brakes,
    Cadence,
    Cause,
    DriftTrigger,
    Facts,
    QualityTrigger,
    Rate,
    Trigger,
    Triggers,
    decide,
    may_promote,
    triggers,
)

NOW = datetime(2013, 3, 15, 12, tzinfo=UTC)  # a Friday
DAY = timedelta(days=1)
QUIET = Facts(now=NOW, watched_since=NOW - 30 * DAY, head="a1", tried="a1")
QUALITY = Triggers(quality=QualityTrigger(metric="log_loss", worse_by=0.05))
DRIFT = Triggers(drift=DriftTrigger(false_alarms=Rate(count=1, period=30 * DAY)))
LEVEL = {"level": 0.5, "at_promotion": (0.5,) * 7}
SWINGING = (0.38, 0.62, 0.38, 0.62, 0.38, 0.62, 0.5)
CADENCE = Triggers(cadence=Cadence(floor=7 * DAY, ceiling=56 * DAY))
LATE = Trigger(cause=Cause.SCHEDULE, key="k", reason="scheduled")


@pytest.mark.parametrize(
    ("policy", "facts", "causes"),
    [
        (Triggers(), {}, []),
        (Triggers(), {"asked": ("x",)}, ["manual"]),
        (Triggers(), {"head": "b2"}, ["commit"]),
        (Triggers(commit=False), {"head": "b2"}, []),
        (Triggers(), {"head": None}, []),  # no repository
        # the last run was on the 8th: the cron of the 15th at 03:00 has passed since
        (Triggers(schedule="0 3 15 * *"), {"runs": (NOW - 7 * DAY,)}, ["schedule"]),
        # the last run was today at 04:00: the next one is due in April
        (Triggers(schedule="0 3 15 * *"), {"runs": (NOW - timedelta(hours=8),)}, []),
        (Triggers(labels=100), {"labels": 100}, ["labels"]),
        (Triggers(labels=100), {"labels": 99}, []),
        (Triggers(data=True), {"source": "new", "seen_source": "old"}, ["data"]),
        (Triggers(data=True), {"source": "old", "seen_source": "old"}, []),
        (Triggers(), {"source": "new"}, []),
        # seven days at .53 against .50: 6% worse, without scatter
        (QUALITY, {**LEVEL, "quality": (0.53,) * 7}, ["quality"]),
        (QUALITY, {**LEVEL, "quality": (0.52,) * 7}, []),  # 4%
        (QUALITY, {**LEVEL, "quality": (0.53,) * 6}, []),  # too few days
        (QUALITY, {"quality": (0.53,) * 7}, []),  # no champion
        (QUALITY, {**LEVEL, "quality": (0.53,) * 7, "labels": 80, "needed": 81}, []),  # nothing to judge by
        (QUALITY, {**LEVEL, "quality": (0.53,) * 7, "labels": 81, "needed": 81}, ["quality"]),
        (DRIFT, {"drift": "drift of carrier"}, ["drift"]),
        (DRIFT, {"drift": "drift of carrier", "labels": 80, "needed": 81}, []),  # nothing to judge by
        (DRIFT, {}, []),
        (Triggers(), {"drift": "drift of carrier"}, []),
        # mean .53, but days swing by .12: two standard errors are .09
        (QUALITY, {**LEVEL, "quality": (0.41, 0.65, 0.41, 0.65, 0.41, 0.65, 0.53)}, []),
        # the level was no better known: from seven days that swing so
        (QUALITY, {**LEVEL, "at_promotion": SWINGING, "quality": (0.53,) * 7}, []),
    ],
)
def test_triggers(policy: Triggers, facts: dict, causes: list[str]) -> None:
    assert [trigger.cause for trigger in triggers(policy, replace(QUIET, **facts))] == causes


def test_the_reason_of_a_drift_names_its_columns() -> None:
    (found,) = triggers(DRIFT, replace(QUIET, drift="drift on 2013-03-01: carrier drifted"))
    assert found.reason == "drift on 2013-03-01: carrier drifted"


def test_a_metric_where_more_is_better_is_worse_when_it_falls() -> None:
    policy = Triggers(quality=QualityTrigger(metric="auc", worse_by=0.05))
    known = replace(QUIET, level=0.7, at_promotion=(0.7,) * 7)
    fallen, risen = (replace(known, quality=(value,) * 7) for value in (0.65, 0.75))
    assert [trigger.cause for trigger in triggers(policy, fallen)] == ["quality"]
    assert triggers(policy, risen) == ()


@pytest.mark.parametrize(
    ("brakes", "facts", "runs", "until"),
    [
        (Brakes(), {}, True, None),
        (Brakes(), {"paused": True}, False, None),
        (Brakes(), {"running": True}, False, None),
        (Brakes(), {"rollout_open": True}, False, None),
        (Brakes(), {"behind": True}, False, None),
        (Brakes(cooldown=2 * DAY), {"runs": (NOW - DAY,)}, False, NOW + DAY),
        (Brakes(cooldown=DAY), {"runs": (NOW - DAY,)}, True, None),
        # two runs in the last week: room again when the older one is a week old
        (
            Brakes(runs=Rate(count=2, period=7 * DAY)),
            {"runs": (NOW - 6 * DAY, NOW - 2 * DAY)},
            False,
            NOW + DAY,
        ),
        (Brakes(runs=Rate(count=2, period=7 * DAY)), {"runs": (NOW - 8 * DAY, NOW - 2 * DAY)}, True, None),
    ],
)
def test_brakes(brakes: Brakes, facts: dict, runs: bool, until: datetime | None) -> None:
    said = decide(brakes, replace(QUIET, **facts), [LATE])
    assert (said.run, said.until) == (runs, until)
    assert said.reason


@pytest.mark.parametrize("cause", [Cause.COMMIT, Cause.MANUAL])
def test_somebody_who_waits_is_not_made_to_cool_down(cause: Cause) -> None:
    facts = replace(QUIET, runs=(NOW,), rollout_open=True, behind=True)
    waits = Trigger(cause=cause, key="k", reason="r")
    assert decide(Brakes(cooldown=DAY), facts, [waits]).run
    assert not decide(Brakes(cooldown=DAY), facts, [LATE]).run


def test_the_budget_of_runs_holds_commits_too_and_only_a_person_may_exceed_it() -> None:
    brakes, facts = Brakes(runs=Rate(count=1, period=DAY)), replace(QUIET, runs=(NOW,))
    commit, person = (Trigger(cause=cause, key="k", reason="r") for cause in (Cause.COMMIT, Cause.MANUAL))
    assert not decide(brakes, facts, [commit]).run
    assert decide(brakes, facts, [person]).run


def test_a_storm_of_triggers_is_one_run() -> None:
    storm = [Trigger(cause=Cause.COMMIT, key=str(n), reason=f"commit {n}") for n in range(1000)]
    said = decide(Brakes(), QUIET, storm)
    assert said.run
    assert said.run_id == decide(Brakes(), QUIET, storm[::-1]).run_id


@given(st.lists(st.sampled_from(["a", "b", "c"]), unique=True), st.lists(st.sampled_from("abc"), unique=True))
def test_the_run_id_names_the_events(one: list[str], other: list[str]) -> None:
    def run_id(keys: list[str]) -> str:
        return decide(Brakes(), QUIET, [replace(LATE, key=key) for key in [*keys, "z"]]).run_id

    assert (run_id(one) == run_id(other)) == (set(one) == set(other))


def test_nothing_to_do_says_so() -> None:
    assert decide(Brakes(), QUIET, []).reason == "nothing calls for a run"


def test_the_budget_of_promotions() -> None:
    brakes = Brakes(promotions=Rate(count=3, period=7 * DAY))
    times = [NOW - 6 * DAY, NOW - 5 * DAY, NOW - DAY]
    assert may_promote(brakes, times, NOW) == NOW + DAY
    assert may_promote(brakes, times[1:], NOW) is None
    assert may_promote(Brakes(), times * 9, NOW) is None


@pytest.mark.parametrize(
    ("days", "gains", "reason"),
    [
        (7, (), "7 days after the last run: what retraining gains is not known yet"),
        (6.9, (), None),
        # .06 in 6 weeks, with .02 in 2: 1% a week, and sqrt(2 x .017 / .01) = 1.84 weeks are 12.9 days
        (12.8, (Gain(share=0.06, newer=42 * DAY),), None),
        (13, (Gain(share=0.06, newer=42 * DAY),), "retraining has gained 1.0% of the loss in 7 days"),
    ],
)
def test_the_cadence_waits_until_a_run_pays(days: float, gains: tuple[Gain, ...], reason: str | None) -> None:
    facts = replace(QUIET, runs=(NOW - days * DAY,), gains=gains)
    found = triggers(CADENCE, facts)
    assert [trigger.cause for trigger in found] == (["schedule"] if reason else [])
    assert reason is None or reason in found[0].reason


def test_the_quality_trigger_is_quiet_where_nothing_changes() -> None:
    """2,000 promotions, each with a week of days before it and one after, from the same distribution."""
    random = np.random.default_rng(0)
    days = np.round(0.5 + 0.05 * random.standard_normal((2_000, 14)), 6)
    fired = 0
    for before, after in zip(days[:, :7].tolist(), days[:, 7:].tolist(), strict=True):
        known = replace(QUIET, level=sum(before) / 7, at_promotion=tuple(before), quality=tuple(after))
        fired += bool(triggers(QUALITY, known))
    assert fired <= 6  # .001 x 2,000 = 2; more than 6 of them has a probability of .005
