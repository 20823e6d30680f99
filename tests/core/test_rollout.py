from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.rollout import TABLE, Phase, Signal, Step, advance, open_rollout, plan_of
from noria.errors import IllegalSignal

NOW = datetime(2013, 3, 1, tzinfo=UTC)
STEPS = (Step(weight=0, requests=5), Step(weight=10, requests=5), Step(weight=50, requests=5))


def opened(steps=STEPS, champion: int | None = 6):
    return open_rollout("r", model="m", version=7, champion=champion, steps=steps, now=NOW, reason="new")


def follow(rollout, *signals: Signal):
    for signal in signals:
        rollout = advance(rollout, signal, NOW, "because")
    return rollout


def shares(rollout) -> dict[int, int]:
    return {arm.version: arm.share for arm in plan_of(rollout, number=1).arms}


def test_the_whole_way() -> None:
    rollout = opened()
    seen = [(rollout.phase, shares(rollout))]
    for signal in (Signal.LOADED, Signal.PASSED, Signal.PASSED, Signal.PASSED):
        rollout = follow(rollout, signal)
        seen.append((rollout.phase, shares(rollout)))
    assert seen == [
        ("loading", {6: 100}),
        ("shadow", {6: 100}),
        ("weighted", {7: 10, 6: 90}),
        ("weighted", {7: 50, 6: 50}),
        ("promoted", {7: 100}),
    ]
    assert rollout.ended


def test_the_silent_versions_are_loaded_and_answer_nothing() -> None:
    assert plan_of(opened(), number=1).standby == 7
    assert plan_of(follow(opened(), Signal.LOADED), number=1).shadow == 7


def test_the_first_version_is_promoted_once_it_is_loaded() -> None:
    first = opened(champion=None)
    assert plan_of(first, number=1).versions == (7,)
    assert shares(first) == {}
    assert follow(first, Signal.LOADED).phase is Phase.PROMOTED


def test_an_empty_rollout_is_promoted_once_it_is_loaded() -> None:
    assert follow(opened(steps=()), Signal.LOADED).phase is Phase.PROMOTED


def test_the_guard_keeps_the_champion_before_as_a_shadow() -> None:
    guarded = replace(opened(), guard=timedelta(days=14))
    assert guarded.guarded_until is None
    promoted = follow(guarded, Signal.LOADED, Signal.PROMOTE)
    assert promoted.guarded_until == NOW + timedelta(days=14)
    assert (shares(promoted), plan_of(promoted, number=1).shadow) == ({7: 100}, 6)
    unguarded = follow(opened(), Signal.LOADED, Signal.PROMOTE)
    assert (unguarded.guarded_until, plan_of(unguarded, number=1).shadow) == (None, None)
    aborted = follow(guarded, Signal.LOADED, Signal.ABORT)
    assert (aborted.guarded_until, plan_of(aborted, number=1).shadow) == (None, None)


def test_the_first_version_has_nothing_to_come_back_to() -> None:
    first = follow(replace(opened(champion=None), guard=timedelta(days=14)), Signal.LOADED)
    assert (first.guarded_until, plan_of(first, number=1).shadow) == (None, None)


@pytest.mark.parametrize("ending", [Signal.BREACHED, Signal.ABORT, Signal.SUPERSEDE])
@pytest.mark.parametrize("passed", range(4))
def test_the_champion_gets_all_traffic_back(ending: Signal, passed: int) -> None:
    signals = [Signal.LOADED, Signal.PASSED, Signal.PASSED][:passed]
    ended = follow(opened(), *signals, ending)
    assert ended.ended
    assert shares(ended) == {6: 100}
    assert plan_of(ended, number=1).versions == (6,)


def test_nobody_promotes_what_no_gateway_has_loaded() -> None:
    with pytest.raises(IllegalSignal, match=r"r is loading: it cannot take promote"):
        follow(opened(), Signal.PROMOTE)


def test_a_hold_stops_passing_but_neither_breach_nor_abort() -> None:
    held = follow(opened(), Signal.LOADED, Signal.HOLD)
    with pytest.raises(IllegalSignal, match="held"):
        follow(held, Signal.PASSED)
    assert follow(held, Signal.BREACHED).phase is Phase.ROLLED_BACK
    assert follow(held, Signal.ABORT).phase is Phase.ABORTED
    assert follow(held, Signal.RELEASE, Signal.PASSED).phase is Phase.WEIGHTED


@pytest.mark.parametrize("phase", [phase for phase in Phase if not TABLE[phase]])
@pytest.mark.parametrize("signal", Signal)
def test_what_has_ended_never_moves_again(phase: Phase, signal: Signal) -> None:
    with pytest.raises(IllegalSignal):
        advance(replace(opened(), phase=phase), signal, NOW, "because")


@given(st.lists(st.sampled_from(list(Signal)), max_size=12), st.booleans())
def test_any_signals_keep_the_rules(signals: list[Signal], first: bool) -> None:
    """Shares sum to 100 (Plan checks it), a refused signal changes nothing, and the end is the end."""
    rollout, loaded = opened(champion=None if first else 6), False
    for signal in signals:
        before = rollout
        try:
            rollout = advance(rollout, signal, NOW, "because")
        except IllegalSignal:
            assert rollout == before
            continue
        loaded |= signal is Signal.LOADED
        plan = plan_of(rollout, number=1)
        answering = {arm.version for arm in plan.arms if arm.share}
        assert 7 not in answering or loaded
        assert not before.ended
        if rollout.ended and rollout.phase is not Phase.PROMOTED:
            assert answering == (set() if first else {6})
