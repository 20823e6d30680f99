from dataclasses import replace
from datetime import timedelta

import pytest

from noria.core.policy import Brakes, Rate
from noria.core.rollout import Signal
from noria.core.sequential import rate_above
from noria.core.window import ArmCounts, histogram
from noria.errors import IllegalSignal, StaleEpoch, StateError
from noria.loop.advance import Move, move, next_move, open_next, promotion_wait, rollback, set_paused
from noria.loop.parts import Parts
from noria.loop.projection import publish


def row(parts: Parts):
    return parts.state.model("m")


def tick(parts: Parts):
    """Open or move the rollout as the controller does, and publish; return the phase."""
    if open_next(parts, row(parts)) is None:
        moved = next_move(parts, row(parts))
        if moved:
            move(parts, row(parts), moved)
    publish(parts)
    return row(parts).rollout.phase if row(parts).rollout else None


def serve(parts: Parts, requests: int, errors: int = 0) -> None:
    """Let both versions of the present plan answer, and the challenger fail `errors` times."""
    plan, challenger = row(parts).plan, row(parts).rollout.version
    bins = histogram([0.001] * requests)
    arms = {
        (plan.number, version): ArmCounts(
            requests=requests, errors=errors if version == challenger else 0, bins=bins
        )
        for version in plan.versions
    }
    parts.state.add_traffic("m", (f"segment {plan.number} {requests} {errors}", 1), arms)


def crown(parts: Parts, register, number: int) -> None:
    """Make a version champion the whole way."""
    register(parts, number)
    while tick(parts) != "promoted" or row(parts).champion != number:
        serve(parts, 60)


def test_the_first_version_is_promoted_once_it_is_loaded(make, register) -> None:
    parts = make()
    assert tick(parts) is None
    register(parts, 1)
    assert [tick(parts), tick(parts)] == ["loading", "promoted"]
    assert row(parts).champion == 1


def test_a_challenger_goes_step_by_step_on_evidence(make, register) -> None:
    parts = make()
    crown(parts, register, 1)
    register(parts, 2)
    phases = [tick(parts), tick(parts), tick(parts)]
    assert phases == ["loading", "shadow", "shadow"]  # no traffic is no evidence
    serve(parts, 60)
    assert tick(parts) == "weighted"
    assert {arm.version: arm.share for arm in row(parts).plan.arms} == {2: 10, 1: 90}
    serve(parts, 60)
    assert tick(parts) == "promoted"
    assert (row(parts).champion, row(parts).previous) == (2, (1,))


def test_a_breach_gives_the_traffic_back_and_says_why(make, register) -> None:
    parts = make()
    crown(parts, register, 1)
    register(parts, 2)
    tick(parts), tick(parts)
    serve(parts, 40, errors=20)
    assert tick(parts) == "rolled back"
    assert row(parts).champion == 1
    last = parts.state.ledger("m")[-1]
    assert last["kind"] == "rolled back"
    assert "error_rate is 0.3333" in last["body"]["reason"]  # 20 of 60
    assert last["body"]["numbers"]["challenger_errors"] == 20
    assert tick(parts) == "rolled back"  # it is not tried again


def test_a_breach_can_be_recomputed_from_the_ledger(make, register) -> None:
    parts = make()
    crown(parts, register, 1)
    register(parts, 2)
    tick(parts), tick(parts)
    serve(parts, 40, errors=20)
    tick(parts)
    numbers = parts.state.ledger("m")[-1]["body"]["numbers"]
    errors, rows, statistic, bound = (
        numbers[f"error_rate > 1%: {name}"] for name in ("errors", "rows", "statistic", "bound")
    )
    assert (errors, rows) == (20, 60)
    assert statistic == rate_above(errors, rows, 0.01) > bound == pytest.approx(4.605, abs=0.001)  # ln 100


def test_what_may_be_chance_neither_passes_nor_ends(make, register) -> None:
    parts = make()
    crown(parts, register, 1)
    register(parts, 2)
    tick(parts), tick(parts)
    serve(parts, 60, errors=1)  # 1 of 61 is above 1%
    assert tick(parts) == "shadow"
    serve(parts, 50)  # 1 of 111 is not
    assert tick(parts) == "weighted"


def test_what_cannot_be_loaded_never_serves(make, register) -> None:
    parts = make()
    crown(parts, register, 1)
    parts.gateways.broken[2] = "model.txt was changed"
    register(parts, 2)
    assert [tick(parts), tick(parts)] == ["loading", "rolled back"]
    assert "model.txt was changed" in parts.state.ledger("m")[-1]["body"]["reason"]
    assert all(2 not in (arm.version for arm in plan.arms) for plan in parts.gateways.plans)


def test_what_a_gateway_gives_up_is_taken_back(make, register) -> None:
    parts = make()
    crown(parts, register, 1)
    register(parts, 2)
    assert [tick(parts), tick(parts)] == ["loading", "shadow"]
    parts.gateways.broken[2] = "3 crashes within 60 s"
    assert tick(parts) == "rolled back"
    reason = parts.state.ledger("m")[-1]["body"]["reason"]
    assert reason == "it was given up by a gateway: 3 crashes within 60 s"


def test_a_newer_version_supersedes_an_open_rollout_and_all_that_wait(make, register) -> None:
    parts = make()
    crown(parts, register, 1)
    register(parts, 2)
    tick(parts)
    register(parts, 3)
    register(parts, 4)
    tick(parts)
    assert (row(parts).rollout.version, row(parts).champion) == (4, 1)
    assert [entry["kind"] for entry in parts.state.ledger("m")][-2:] == ["superseded", "rollout opened"]


def test_the_budget_of_promotions_holds_the_next_rollout_back(make, register) -> None:
    parts = make(brakes=Brakes(promotions=Rate(count=1, period=timedelta(days=7))))
    crown(parts, register, 1)
    register(parts, 2)
    assert tick(parts) == "promoted"
    assert promotion_wait(parts) == parts.clock.now() + timedelta(days=7)
    parts.clock.advance(timedelta(days=7))
    assert tick(parts) == "loading"


def test_paused_nothing_opens(make, register) -> None:
    parts = make()
    set_paused(parts, True, actor="ada", reason="incident")
    register(parts, 1)
    assert tick(parts) is None
    set_paused(parts, False, actor="ada", reason="over")
    assert tick(parts) == "loading"


def test_a_hold_keeps_the_step_and_the_traffic(make, register) -> None:
    parts = make()
    crown(parts, register, 1)
    register(parts, 2)
    tick(parts), tick(parts)
    before = row(parts)
    move(parts, before, Move(signal=Signal.HOLD, reason="wait", actor="ada", numbers={}))
    serve(parts, 60)
    assert tick(parts) == "shadow"
    assert row(parts).plan == before.plan
    move(parts, row(parts), Move(signal=Signal.RELEASE, reason="go on", actor="ada", numbers={}))
    assert tick(parts) == "weighted"


def test_rollback_goes_to_the_last_champion_and_ends_the_open_rollout(make, register) -> None:
    parts = make()
    for number in (1, 2, 3):
        crown(parts, register, number)
    register(parts, 4)
    tick(parts)
    rollback(parts, row(parts), actor="ada", reason="complaints")
    assert (row(parts).champion, row(parts).previous) == (2, (1,))
    assert row(parts).rollout.phase == "aborted"
    assert [arm.version for arm in row(parts).plan.arms] == [2]
    assert tick(parts) == "aborted"  # version 4 is not tried again


def test_rollback_without_a_champion_before_says_so(make, register) -> None:
    parts = make()
    crown(parts, register, 1)
    with pytest.raises(StateError, match="no champion before version 1"):
        rollback(parts, row(parts), actor="ada", reason="complaints")


@pytest.mark.parametrize("other", [Signal.PROMOTE, Signal.ABORT, Signal.HOLD])
@pytest.mark.parametrize("one", [Signal.PROMOTE, Signal.ABORT, Signal.HOLD])
def test_of_two_commands_at_once_one_wins(make, register, one: Signal, other: Signal) -> None:
    parts = make()
    crown(parts, register, 1)
    register(parts, 2)
    tick(parts), tick(parts)
    both_saw = row(parts)
    move(parts, both_saw, Move(signal=one, reason="first", numbers={}))
    with pytest.raises(StaleEpoch):
        move(parts, both_saw, Move(signal=other, reason="second", numbers={}))
    assert row(parts).epoch == both_saw.epoch + 1


def test_abort_with_nothing_running_and_after_promotion(make, register) -> None:
    parts = make()
    abort = Move(signal=Signal.ABORT, reason="stop", numbers={})
    with pytest.raises(StateError, match="no rollout of m is open"):
        move(parts, row(parts), abort)
    crown(parts, register, 1)
    with pytest.raises(StateError, match="no rollout of m is open"):
        move(parts, row(parts), abort)


def test_an_illegal_signal_changes_nothing(make, register) -> None:
    parts = make()
    crown(parts, register, 1)
    register(parts, 2)
    tick(parts)
    before = row(parts)
    with pytest.raises(IllegalSignal):
        move(parts, before, Move(signal=Signal.PROMOTE, reason="now", numbers={}))
    assert row(parts) == replace(before)
