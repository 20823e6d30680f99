import numpy as np
import pytest

from noria.core.series.levels import FEWEST, learn, tail

DICE = np.random.default_rng(4)


@pytest.mark.parametrize("draw", [DICE.normal, lambda size: DICE.standard_t(5, size), DICE.laplace])
def test_levels_that_swing_as_usual_are_no_news(draw: object) -> None:
    """Also where the tails are heavy: 1 day in 1000 is as unlikely as that, at most a little more."""
    values = draw(size=200_000)[:, None]  # type: ignore[operator]
    usual = learn(values[:20_000])
    p = np.array(tail(usual, values[20_000:, 0]))
    assert (p <= 0.001).mean() <= 0.0016


def test_few_levels_make_nobody_sure() -> None:
    values = DICE.normal(size=(400, 5000))
    p = [tail(learn(values[:blocks]), values[-1]) for blocks in (14, 300)]
    assert all((each <= 0.01).mean() <= 0.017 for each in p)


def test_too_few_levels_say_nothing() -> None:
    usual = learn(DICE.normal(size=(FEWEST - 1, 1)), FEWEST)
    assert tail(usual, np.array([1e6])) == 1


def test_what_is_no_level_is_left_out() -> None:
    values = np.array([[1.0, np.nan]] * 7 + [[2.0, np.nan]] * 7)
    usual = learn(values, FEWEST)
    assert usual.mean[0] == 1.5
    assert tail(usual, np.array([np.nan, 3.0])).tolist() == [1, 1]


def test_few_rows_scatter_more() -> None:
    usual = learn(DICE.normal(size=(100, 1)))
    assert tail(usual, np.array([6.0]))[0] < 1e-5 < 0.01 < tail(usual, np.array([6.0]), 8.0)[0]


def test_a_level_that_never_moved_may_not_move() -> None:
    usual = learn(np.full((50, 1), 3.0))
    assert tail(usual, np.array([3.0]))[0] == 1
    assert tail(usual, np.array([3.1]))[0] < 1e-6
