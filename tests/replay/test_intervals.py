import time
from math import inf

import numpy as np
import pytest

from noria.replay.intervals import best, gaps_to, losses_of
from noria.replay.result import Block, PolicyResult
from tests.replay.made import policy, replay


def of_losses(losses: np.ndarray, rows: int = 1) -> PolicyResult:
    blocks = tuple(Block(start=str(n), rows=rows, loss=float(loss)) for n, loss in enumerate(losses))
    return PolicyResult(name="made", meaning="", blocks=blocks)


def test_a_block_counts_by_its_rows() -> None:
    blocks = (Block(start="1", rows=1, loss=0.2), Block(start="2", rows=3, loss=0.6))
    made = losses_of(replay(PolicyResult(name="never", meaning="", blocks=blocks)))
    assert made["never"].value == pytest.approx(0.5)  # (1 x .2 + 3 x .6) / 4


def test_what_all_policies_share_does_not_blur_their_difference() -> None:
    made = replay(policy("never", 1, 0.51), policy("every-7d", 12, 0.50))
    level, gap = losses_of(made)["never"], gaps_to(made, "every-7d")["never"]
    assert gap.value == pytest.approx(0.01)
    assert level.high - level.low > 20 * (gap.high - gap.low)  # the days' deviation is .05, their own .002


def test_a_gap_turned_round_is_the_same_gap() -> None:
    made = replay(policy("never", 1, 0.51), policy("every-7d", 12, 0.50))
    there, back = gaps_to(made, "every-7d")["never"], gaps_to(made, "never")["every-7d"]
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    same = gaps_to(made, "never")["never"]
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_the_same_replay_has_the_same_intervals() -> None:
    assert losses_of(replay(policy("never", 1, 0.5))) == losses_of(replay(policy("never", 1, 0.5)))


@pytest.mark.parametrize("days", [28, 120])
def test_intervals_hold_their_promise_where_days_follow_each_other(days: int) -> None:
    random = np.random.default_rng(3)
    runs, held = 300, 0
    for _ in range(runs):
        noise = random.standard_normal(days + 20)
        for day in range(1, days + 20):
            noise[day] += 0.3 * noise[day - 1]  # the flights' days: .3 to .4
        made = losses_of(replay(of_losses(noise[20:])))["made"]
        held += made.low <= 0 <= made.high
    assert 0.90 <= held / runs <= 0.99  # independent days' quantiles hold 77% on four weeks


def test_less_than_two_weeks_tell_nothing() -> None:
    made = losses_of(replay(policy("never", 1, 0.5, days=13)))["never"]
    assert (made.low, made.high) == (-inf, inf)
    assert losses_of(replay(policy("never", 1, 0.5, days=15)))["never"].high < inf


def test_rmse_is_told_in_the_labels_unit() -> None:
    blocks = of_losses(np.tile([16.0, 34.0], 20))  # squared errors
    made = losses_of(replay(blocks, metric="rmse"))["made"]
    assert made.value == pytest.approx(5)  # the root of 25
    assert 4 < made.low < made.high < 6


def test_a_part_of_the_blocks_is_judged_alone() -> None:
    losses = np.array([0.0] * 20 + [1.0] * 20)
    assert losses_of(replay(of_losses(losses)), 20, 40)["made"].value == 1


def test_the_best_policy_neither_looks_ahead_nor_failed() -> None:
    choices = (policy("never", 1, 0.51), policy("every-7d", 12, 0.50))
    others = (policy("ceiling", 12, 0.4), policy("project", 3, 0.1, fault="it broke"))
    found = best(replay(*choices, *others))
    assert found is not None
    assert found.name == "every-7d"
    assert best(replay(*others)) is None


def test_policies_with_other_days_are_not_compared() -> None:
    made = replay(policy("never", 1, 0.5, days=30), policy("every-7d", 4, 0.5, days=31))
    with pytest.raises(ValueError, match="the same blocks"):
        losses_of(made)


def test_a_year_of_six_policies_takes_no_time() -> None:
    made = replay(*(policy(f"every-{n}d", n, 0.5, days=365) for n in range(6)))
    losses_of(made)  # what is imported and drawn once
    began = time.perf_counter()
    gaps_to(made, "every-0d")
    assert time.perf_counter() - began < 1
