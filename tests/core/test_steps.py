from datetime import UTC, datetime

import pytest

from noria.core.entities import marked
from noria.core.gain import QualityLimit
from noria.core.paired import Moments, Paired
from noria.core.rollout import Phase, Signal, Step, advance, open_rollout
from noria.core.sequential import mean_sequence
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


QUALITY = QualityLimit(metric="log_loss", margin=0.01)
PROVES = QualityLimit(metric="log_loss", margin=0.01, labels=1000)


def day(mean: float, rows: int = 1000) -> Paired:
    return Paired(gains=Moments(rows=rows, mean=mean, variance=0.01))


@pytest.mark.parametrize("step", [STEP, SHADOW])
@pytest.mark.parametrize(
    ("quality", "days", "requests", "signal"),
    [
        (QUALITY, [], 500, "passed"),  # watched, and not waited for
        (QUALITY, [day(-0.05)], 100, "breached"),  # a breach does not wait for the requests
        (QUALITY, [day(-0.012)], 500, "passed"),  # by chance perhaps
        (QUALITY, [day(0.05)], 499, None),
        (PROVES, [], 500, None),
        (PROVES, [day(0.0, rows=999)], 500, None),
        (PROVES, [day(0.0)], 500, None),  # 0.003 is the error: surely within 0.013 only
        (PROVES, [day(0.01)], 500, "passed"),
        (PROVES, [day(0.01), day(-0.02), day(0.03), day(0.02)], 500, None),  # days differ too much
        (PROVES, [day(0.01), day(0.012), day(0.011), day(0.01)], 500, "passed"),
    ],
)
def test_matured_labels_end_a_step_or_hold_it(
    step: Step, quality: QualityLimit, days: list[Paired], requests: int, signal: str | None
) -> None:
    assert look(step, arm(requests), CHAMPION, [ERRORS], quality, days).signal == signal


def test_a_look_at_quality_can_be_computed_again() -> None:
    seen = look(SHADOW, arm(500), CHAMPION, [], QUALITY, [day(-0.05)])
    kept = {name.removeprefix("log_loss: "): value for name, value in seen.numbers.items()}
    low, high = mean_sequence(int(kept["rows"]), kept["gain"], kept["rows"] * kept["error"] ** 2, 0.05)
    assert (kept["low"], kept["high"]) == pytest.approx((low, high))
    assert kept["statistic"] == -kept["high"] > kept["bound"] == 0.01
    assert seen.reason == (
        f"log_loss against the champion is -0.0500 ({low:+.4f} to {high:+.4f}, 1000 rows, 1 days), "
        "the margin is 0.01"
    )


def test_with_a_wrong_split_the_arms_are_not_compared() -> None:
    champion = arm(4500, entities=range(500, 1500))
    seen = look(STEP, arm(500, entities=TENTH), champion, [], QUALITY, [day(-0.5)])
    assert seen.signal is None


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
