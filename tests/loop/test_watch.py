from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from noria.core.policy import DriftTrigger, Rate, Triggers
from noria.loop.parts import Parts
from noria.loop.watch import consider, facts
from noria.rows import RunRow, SignalRow
from noria.testing import FixedClock
from tests.loop.conftest import NOW


def test_a_collector_that_has_not_seen_the_last_mature_day_is_behind(make: Callable[..., Parts]) -> None:
    parts = make()
    delay = parts.project.data.label_delay
    midnight = NOW.replace(hour=0) + delay  # a day becomes mature
    for measured, looked, behind in [
        (midnight, midnight, False),
        (midnight - timedelta(seconds=1), midnight, True),
        (midnight, midnight + timedelta(hours=23), False),
    ]:
        parts.state.beat("collector", measured, {})
        assert facts(replace(parts, clock=FixedClock(looked)), NOW).behind is behind


@pytest.mark.parametrize(
    ("age", "version", "together", "calls"),
    [
        (1, 1, 1e-4, True),
        (1, 1, 0.02, False),  # more than the rate allows each of two monitors: 1 / 60 = .017
        (1, 2, 1e-4, False),  # a challenger's
        (4, 1, 1e-4, False),  # before the last run
    ],
)
def test_drift_of_the_champion_since_the_last_run_calls_for_one(
    make: Callable[..., Parts], age: int, version: int, together: float, calls: bool
) -> None:
    watched = Triggers(
        commit=False, drift=DriftTrigger(false_alarms=Rate(count=1, period=timedelta(days=30)))
    )
    parts = make(triggers=watched, gates=())
    before = parts.state.model("m")
    parts.state.change(before, replace(before, champion=1), [])
    day = timedelta(days=1)
    done = RunRow(
        id="r", model="m", trigger="commit", reason="", status="refused", stage="judge",
        started=NOW - 3 * day, ended=NOW - 3 * day,
    )  # fmt: skip
    parts.state.save_run(done)
    said = SignalRow(
        model="m", day=str((NOW - age * day).date()), version=version, monitor="drift", subject="carrier",
        level="notice", value=0.2, limit=0.1, reason="carrier drifted", numbers={"together": together},
    )  # fmt: skip
    parts.state.save_signals([said])
    parts.state.beat("collector", NOW, {"unseen_labels": 100})
    decision = consider(parts, facts(parts, NOW - 9 * day))
    assert decision.run == calls
    if calls:
        assert decision.reason == "drift on 2013-02-28: carrier drifted"
    unwatched = replace(parts, read_project=lambda: replace(parts.project, triggers=Triggers(commit=False)))
    assert facts(unwatched, NOW).drift is None


def test_without_a_collector_nothing_is_waited_for(make: Callable[..., Parts]) -> None:
    assert not facts(make(), NOW).behind
