import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from noria.core.compare import compare
from noria.core.quality import METRICS

MAE, AUC = METRICS["mae"], METRICS["auc"]


def compare_errors(saved_by_block: list[list[float]], confidence: float = 0.95):
    """Compare a champion that is off by each number more than a perfect candidate."""
    saved = np.array([gain for block in saved_by_block for gain in block])
    blocks = np.array([number for number, block in enumerate(saved_by_block) for _ in block])
    truth = np.zeros(len(saved))
    # a candidate that is off by 10, a champion that is off by 10 + gain
    return compare(
        MAE,
        truth=truth,
        candidate=truth + 10,
        champion=truth + 10 + saved,
        blocks=blocks,
        confidence=confidence,
    )


def test_equal_blocks_give_the_t_interval_of_their_means() -> None:
    means = [0.1, 0.3, 0.2, 0.4]
    seen = compare_errors([[mean, mean] for mean in means])
    low, high = stats.t.interval(0.95, 3, loc=np.mean(means), scale=stats.sem(means))
    assert (seen.gain, seen.low, seen.high) == pytest.approx((0.25, low, high))
    assert (seen.rows, seen.blocks) == (8, 4)


def test_a_block_weighs_as_many_rows_as_it_has() -> None:
    assert compare_errors([[1.0], [0.0] * 3]).gain == pytest.approx(0.25)  # 1 of 4 rows saves 1


def test_rows_of_one_block_are_no_evidence_of_their_own() -> None:
    """Copying every row within its block leaves the interval as it was; a row-wise one would shrink."""
    once, copied = compare_errors([[0.1], [0.3]]), compare_errors([[0.1] * 100, [0.3] * 100])
    assert (once.low, once.high) == pytest.approx((copied.low, copied.high))


@pytest.mark.parametrize("blocks", [[], [[0.5, 0.5]]])
def test_fewer_than_two_blocks_say_nothing(blocks: list[list[float]]) -> None:
    seen = compare_errors(blocks)
    assert (seen.low, seen.high) == (-np.inf, np.inf)


def test_a_rank_metric_is_compared_block_by_block_and_skips_those_of_one_class() -> None:
    truth = np.array([0.0, 1, 0, 1, 1, 1])
    candidate = np.array([0.1, 0.9, 0.1, 0.9, 0.9, 0.9])  # AUC 1 and 1
    champion = np.array([0.9, 0.1, 0.1, 0.9, 0.9, 0.9])  # AUC 0 and 1
    blocks = np.array([0, 0, 1, 1, 2, 2])  # the third block has positives only
    seen = compare(AUC, truth=truth, candidate=candidate, champion=champion, blocks=blocks)
    assert (seen.gain, seen.blocks, seen.rows) == (0.5, 2, 4)


@given(st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=5), min_size=2, max_size=8))
def test_swapping_the_models_swaps_the_sign(saved: list[list[float]]) -> None:
    rows = np.array([gain for block in saved for gain in block])
    blocks = np.array([number for number, block in enumerate(saved) for _ in block])
    truth, one, other = np.zeros(len(rows)), np.full(len(rows), 5.0), 5.0 + rows
    there = compare(MAE, truth=truth, candidate=one, champion=other, blocks=blocks)
    back = compare(MAE, truth=truth, candidate=other, champion=one, blocks=blocks)
    assert (there.gain, there.low, there.high) == pytest.approx((-back.gain, -back.high, -back.low), abs=1e-9)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_days_with_a_weather_of_their_own_are_covered(seed: int) -> None:
    """Of 200 comparisons without a true difference, at most 12% say that there is one at 95%."""
    random = np.random.default_rng(seed)
    wrong = 0
    for _ in range(200):
        weather = random.normal(size=(10, 1)) + random.normal(size=(10, 20)) * 0.1
        seen = compare_errors(weather.tolist())
        wrong += not seen.low <= 0 <= seen.high
    assert wrong <= 24
