"""What is usual for a column of categories, learnt from blocks that are drawn by chance."""

import numpy as np
import pytest

from noria.core.drift.categories import learn

FEW = np.array([0.4, 0.3, 0.2, 0.09, 0.01])
MANY = np.random.default_rng(0).dirichlet(np.ones(400))


def days(
    dice: np.random.Generator, truth: np.ndarray, number: int, rows: int, swing: float = 0.0
) -> np.ndarray:
    """Days whose truth swings by so much of itself, and of these shares of 20; 0 is not at all."""
    truths = dice.dirichlet(20 * truth / swing**2, number) if swing else np.tile(truth, (number, 1))
    return np.stack([dice.multinomial(rows, each) for each in truths])


@pytest.mark.parametrize("swing", [0.0, 0.2])
@pytest.mark.parametrize("truth", [FEW, MANY], ids=["few", "many"])
@pytest.mark.parametrize(("learnt", "rows"), [(1_000, 1_000), (100, 100_000), (100_000, 100)])
def test_a_day_without_drift_is_as_rarely_surprising_as_its_p_says(
    truth: np.ndarray, swing: float, learnt: int, rows: int
) -> None:
    dice = np.random.default_rng(5)
    found = []
    for _ in range(60):
        usual = learn(days(dice, truth, 30, learnt, swing), None)
        assert usual
        found += [usual.judge(day).p for day in days(dice, truth, 20, rows, swing)]
    assert np.mean(np.array(found) <= 0.05) <= 0.08  # .05, and what 1200 days leave open
    assert np.mean(np.array(found) <= 0.002) <= 0.01


def test_one_category_of_many_that_changes_is_found() -> None:
    dice = np.random.default_rng(7)
    usual = learn(days(dice, MANY, 30, 2_000), None)
    assert usual
    assert usual.judge(days(dice, MANY, 1, 2_000)[0]).p > 0.01
    moved = np.append(0.95 * MANY[:-1], MANY[-1] + 0.05 * MANY[:-1].sum())
    assert usual.judge(dice.multinomial(2_000, moved)).p < 1e-6


def timetable(dice: np.random.Generator, number: int) -> np.ndarray:
    """Days of 1000 flights by a timetable: one in twenty of them flies for somebody else."""
    return np.round(1_000 * FEW).astype(int) - days(dice, FEW, number, 50) + days(dice, FEW, number, 50)


def test_what_scatters_less_than_chance_is_watched_more_closely() -> None:
    dice = np.random.default_rng(8)
    usual = learn(timetable(dice, 30), None)
    assert usual
    assert usual.judge(timetable(dice, 1)[0]).p > 0.01
    late = timetable(dice, 1)[0] + np.array([-60, 60, 0, 0, 0])  # by chance, 40% scatter by 15 of a thousand
    assert usual.judge(late).p < 1e-3


def test_a_tenth_of_a_timetable_scatters_by_chance() -> None:
    dice = np.random.default_rng(9)
    usual = learn(timetable(dice, 30), None)
    assert usual
    found = [usual.judge(dice.multivariate_hypergeometric(timetable(dice, 1)[0], 100)).p for _ in range(300)]
    assert np.mean(np.array(found) <= 0.05) <= 0.08


def test_a_category_that_nobody_has_seen_is_found_in_the_last_bin() -> None:
    dice = np.random.default_rng(10)
    truth = np.append(FEW, 0.0)
    usual = learn(days(dice, truth, 30, 1_000), None)
    assert usual
    assert usual.judge(np.array([400, 300, 200, 90, 9, 1])).p > 0.05  # a single row
    assert usual.judge(np.array([390, 290, 190, 90, 10, 30])).p < 1e-3


def test_where_nothing_can_be_learnt_nothing_is_judged() -> None:
    assert learn(np.full((13, 5), 9), None) is None
