import numpy as np
import pytest

from noria.core.series.shares import above, below, learn

DICE = np.random.default_rng(3)


def blocks(mean: float, overdispersion: float, rows: int, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Events and rows of so many days, of one column."""
    strength = 1 / overdispersion - 1 if overdispersion else 1e9
    shares = DICE.beta(mean * strength, (1 - mean) * strength, days)
    return DICE.binomial(rows, shares)[:, None], np.full((days, 1), rows)


@pytest.mark.parametrize(("mean", "overdispersion"), [(0.1, 0.0), (0.1, 0.05), (0.4, 0.2)])
def test_what_swings_is_learnt(mean: float, overdispersion: float) -> None:
    usual = learn(*blocks(mean, overdispersion, 500, 4000))
    assert usual.mean[0] == pytest.approx(mean, abs=0.01)
    assert usual.overdispersion[0] == pytest.approx(overdispersion, abs=0.01)


@pytest.mark.parametrize("rows", [50, 10_000])
@pytest.mark.parametrize("overdispersion", [0.0, 0.02, 0.2])
def test_a_share_that_swings_as_usual_is_no_news(overdispersion: float, rows: int) -> None:
    """The reference has days of 500 rows; of new ones, 1% are as unlikely as 1%, at most a little more."""
    usual = learn(*blocks(0.1, overdispersion, 500, 1000))
    events, sizes = blocks(0.1, overdispersion, rows, 4000)
    for tail in (above, below):
        p = np.array([tail(usual, one, size)[0] for one, size in zip(events, sizes, strict=True)])
        assert (p <= 0.01).mean() <= 0.018


def test_swings_that_are_known_raise_the_limit() -> None:
    calm, restless = learn(*blocks(0.1, 0.001, 500, 200)), learn(*blocks(0.1, 0.1, 500, 200))
    day = np.array([100]), np.array([500])  # 20% instead of 10%
    assert above(calm, *day)[0] < 1e-6
    assert above(restless, *day)[0] > 0.05


def test_the_first_ever_in_a_few_rows_is_less_unlikely_than_in_many() -> None:
    usual = learn(np.zeros((100, 1), np.int64), np.full((100, 1), 900))
    p = [above(usual, np.array([events]), np.array([900]))[0] for events in (0, 1, 9, 45)]
    assert p[0] == 1
    assert p[1] > 1e-4 > p[2] * 0.5 > p[3]
    assert p[3] < 1e-5


def test_a_day_without_rows_says_nothing() -> None:
    usual = learn(*blocks(0.1, 0.01, 500, 50))
    assert above(usual, np.array([0]), np.array([0]))[0] == below(usual, np.array([0]), np.array([0]))[0] == 1


def test_it_costs_the_same_for_a_hundred_million_rows() -> None:
    usual = learn(*blocks(0.1, 0.01, 500, 200))
    assert above(usual, np.array([10**7]), np.array([10**8]))[0] > 0.1
    assert above(usual, np.array([3 * 10**7]), np.array([10**8]))[0] < 1e-4
