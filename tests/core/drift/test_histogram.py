"""What is usual for a column of numbers, learnt from blocks that are drawn by chance."""

import numpy as np
import pytest

from noria.core.drift.histogram import learn

EVEN = np.full(20, 1 / 20)


def days(dice: np.random.Generator, number: int, rows: int, swing: float = 0.0) -> np.ndarray:
    """Days whose shares swing about even ones, by this share of themselves; 0 is not at all."""
    truths = dice.dirichlet(np.ones(20) / swing**2, number) if swing else np.tile(EVEN, (number, 1))
    return np.stack([dice.multinomial(rows, truth) for truth in truths])


def alarms(share: float, *, learnt: int, rows: int, swing: float, blocks: int = 30, runs: int = 200) -> float:
    """Return the share of days without drift whose p is at most `share`."""
    dice = np.random.default_rng(5)
    found = []
    for _ in range(runs):
        threshold = learn(days(dice, blocks, learnt, swing), None)
        assert threshold
        found += [threshold.judge(day).p <= share for day in days(dice, 10, rows, swing)]
    return float(np.mean(found))


@pytest.mark.parametrize("swing", [0.0, 0.1, 0.3])
@pytest.mark.parametrize(("learnt", "rows"), [(1_000, 1_000), (100, 1_000_000), (1_000_000, 100)])
def test_a_day_without_drift_is_as_rarely_surprising_as_its_p_says(
    learnt: int, rows: int, swing: float
) -> None:
    assert alarms(0.05, learnt=learnt, rows=rows, swing=swing) <= 0.075  # .05, and what 2000 days leave open
    assert alarms(0.002, learnt=learnt, rows=rows, swing=swing) <= 0.008


def test_few_blocks_keep_the_level() -> None:
    assert alarms(0.05, learnt=1_000, rows=1_000, swing=0.1, blocks=14) <= 0.075


def test_what_days_differ_by_themselves_is_usual_and_more_is_not() -> None:
    dice = np.random.default_rng(6)
    threshold = learn(days(dice, 30, 1_000, 0.2), None)
    assert threshold
    assert threshold.judge(days(dice, 1, 1_000, 0.2)[0]).p > 0.01
    moved = EVEN.copy()
    moved[0], moved[1] = 0.0, 0.3  # one bin is gone, and another has a quarter of all more
    assert threshold.judge(dice.multinomial(1_000, moved / moved.sum())).p < 1e-6


def test_a_trifle_is_no_drift_however_many_rows_show_it() -> None:
    dice = np.random.default_rng(8)
    threshold = learn(days(dice, 30, 10_000_000), None)
    assert threshold
    moved = EVEN + np.tile([0.0005, -0.0005], 10)  # each share by a hundredth of itself
    assert threshold.judge(dice.multinomial(10_000_000, moved)).p > 0.05


def weeks(dice: np.random.Generator, number: int, sundays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weekdays = np.arange(7 * number) % 7
    truths = np.where((weekdays == 6)[:, None], sundays, EVEN)
    return np.stack([dice.multinomial(1_000, truth) for truth in truths]), weekdays


def test_a_day_is_compared_with_its_own_weekday_where_these_differ() -> None:
    dice = np.random.default_rng(9)
    sundays = np.repeat([0.09, 0.01], 10)
    threshold = learn(*weeks(dice, 8, sundays))
    assert threshold
    assert len(threshold.centres) == 7
    sunday = dice.multinomial(1_000, sundays)
    assert threshold.judge(sunday, weekday=6).p > 0.01
    assert threshold.judge(sunday, weekday=0).p < 1e-6


def test_a_weekday_that_is_like_all_others_does_not_matter() -> None:
    threshold = learn(*weeks(np.random.default_rng(10), 8, EVEN))
    assert threshold
    assert len(threshold.centres) == 1


def test_the_limit_is_where_the_p_is_the_tail() -> None:
    threshold = learn(days(np.random.default_rng(11), 30, 1_000, 0.2), None)
    assert threshold
    moved = np.round(EVEN * 1_000).astype(np.int64)
    moved[0], moved[1] = 150, 5
    found = threshold.judge(moved)
    assert threshold.judge(moved, probability=found.p).limit == pytest.approx(found.value, rel=1e-6)


@pytest.mark.parametrize("counts", [np.full((13, 5), 9), np.full((40, 1), 9), np.zeros((40, 5), np.int64)])
def test_where_nothing_can_be_learnt_nothing_is_judged(counts: np.ndarray) -> None:
    assert learn(counts, None) is None
