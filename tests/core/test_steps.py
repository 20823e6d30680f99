from datetime import UTC, datetime

import pytest

from noria.core.entities import marked
from noria.core.rollout import Phase, Signal, Step, advance, open_rollout
from noria.core.steps import look, look_at
from noria.core.window import AbortRule, ArmCounts, histogram

STEP = Step(weight=10, requests=500)
SHADOW = Step(weight=0, requests=500)
ERRORS = AbortRule(measure="error_rate", limit=0.01, of_champion=False, text="error_rate > 1%")
TWICE = AbortRule(measure="error_rate", limit=2, of_champion=True, text="error_rate > 2x champion")
SLOW = AbortRule(measure="p99", limit=2.0, of_champion=True, text="p99 > 2x champion")
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def arm(requests: int, errors: int = 0, p99: float = 0.004, entities: range = range(0)) -> ArmCounts:
    bins = histogram([p99] * requests)
    return ArmCounts(requests=requests, errors=errors, bins=bins, entities=marked(entities))


CHAMPION = arm(4500)
TENTH, REST = range(500), range(500, 5000)


@pytest.mark.parametrize(
    ("challenger", "champion", "signal"),
    [
        (arm(500), CHAMPION, "passed"),
        (arm(499), CHAMPION, None),
        (ArmCounts(), CHAMPION, None),  # no traffic is no pass
        (arm(0, 1), CHAMPION, None),  # one failure may be chance
        (arm(0, 2), CHAMPION, "breached"),  # it answers nothing at all
        (arm(490, 20), CHAMPION, "breached"),  # 4%
        (arm(500, 5), CHAMPION, "passed"),  # 5 / 505 = 0.99%
        (arm(500, 6), CHAMPION, None),  # 1.2%: not proven, and no pass either
        (arm(1000, 6), CHAMPION, "passed"),  # 0.6%: it was chance
        (arm(500, p99=0.012), CHAMPION, "breached"),  # limit 8 ms
        (arm(500, p99=0.008), CHAMPION, "passed"),
        (arm(500, p99=0.1), ArmCounts(), None),  # no champion to be slower than: no evidence
    ],
)
@pytest.mark.parametrize("step", [STEP, SHADOW])
def test_look(step: Step, challenger: ArmCounts, champion: ArmCounts, signal: str | None) -> None:
    seen = look(step, challenger, champion, [ERRORS, SLOW])
    assert seen.signal == signal
    assert seen.reason
    assert seen.numbers["challenger_requests"] == challenger.requests


def test_the_reason_of_a_breach_names_the_rule() -> None:
    assert look(STEP, arm(0, 60), CHAMPION, [ERRORS]).reason == (
        "error_rate is 1, the limit is 0.01 (error_rate > 1%): 60 of 60 failed"
    )


def test_the_reason_of_a_step_that_goes_on_names_the_doubt() -> None:
    assert look(STEP, arm(594, 6), CHAMPION, [ERRORS]).signal is Signal.PASSED
    assert look(STEP, arm(592, 8), CHAMPION, [ERRORS]).reason == (
        "error_rate is 0.01333, the limit is 0.01 (error_rate > 1%): 8 of 600 failed, "
        "by chance perhaps: it goes on"
    )


def test_a_wrong_split_of_the_entities_holds_the_step() -> None:
    passed = look(STEP, arm(500, entities=TENTH), arm(4500, entities=REST), [ERRORS, TWICE])
    assert passed.signal is Signal.PASSED
    assert passed.numbers["sample ratio: challenger"] == 500
    held = look(STEP, arm(500, entities=TENTH), arm(4500, entities=range(500, 1500)), [ERRORS, TWICE])
    assert held.signal is None
    assert held.reason == (
        "500 of 1500 entities met the challenger, where 10% are planned: the two cannot be compared"
    )


def test_with_a_wrong_split_a_limit_of_its_own_acts_and_one_by_the_split_does_not() -> None:
    champion = arm(4500, entities=range(500, 1500))
    bad = arm(470, 30, entities=TENTH)
    assert look(STEP, bad, champion, [TWICE]).signal is None
    assert look(STEP, bad, arm(4500, entities=REST), [TWICE]).signal is Signal.BREACHED
    assert look(STEP, bad, champion, [TWICE, ERRORS]).signal is Signal.BREACHED


def test_a_shadow_has_no_sample_ratio() -> None:
    seen = look(SHADOW, arm(500), arm(500, entities=TENTH), [ERRORS])
    assert seen.signal is Signal.PASSED
    assert "sample ratio: share" not in seen.numbers


def test_there_is_a_step_to_look_at_between_loading_and_the_end() -> None:
    rollout = open_rollout("r", model="m", version=2, champion=1, steps=(STEP,), now=NOW, reason="new")
    arms = {1: CHAMPION, 2: arm(500)}
    assert look_at(rollout, arms, [ERRORS]) is None
    weighted = advance(rollout, Signal.LOADED, NOW, "loaded")
    assert look_at(weighted, arms, [ERRORS]) == look(STEP, arm(500), CHAMPION, [ERRORS])
    assert look_at(weighted, {}, [ERRORS]).reason == "0 of 500 requests seen"
    rolled_back = advance(weighted, Signal.BREACHED, NOW, "bad")
    assert rolled_back.phase is Phase.ROLLED_BACK
    assert look_at(rolled_back, arms, [ERRORS]) is None
