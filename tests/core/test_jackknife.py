import numpy as np
import pytest

from noria.core.jackknife import jackknife
from noria.core.student import quantile


def mean(total: np.ndarray) -> float:
    return total[0] / total[1] if total[1] else float("nan")


def test_of_a_mean_of_equal_days_it_is_the_usual_interval() -> None:
    days = np.array([[value, 1.0] for value in (1.0, 2.0, 3.0, 6.0)])
    found = jackknife(days, mean)
    # variance of the mean: (4 + 1 + 0 + 9) / 3 / 4 = 7/6
    assert found.value == 3
    assert found.high - found.value == pytest.approx(quantile(0.975, 3) * (7 / 6) ** 0.5)


@pytest.mark.parametrize("days", [np.empty((0, 2)), np.array([[1.0, 1.0]])])
def test_of_too_few_days_it_has_no_ends(days: np.ndarray) -> None:
    found = jackknife(days, mean)
    assert not np.isfinite(found.high)


def test_it_covers_a_ratio_as_often_as_it_says() -> None:
    chance = np.random.default_rng(7)
    covered = 0
    for _ in range(400):
        rows = chance.integers(50, 150, 20).astype(float)
        level = 0.3 + 0.1 * chance.standard_normal(20)  # days differ: rows are not independent
        found = jackknife(np.stack([rows * level, rows], axis=1), mean)
        covered += found.low <= 0.3 <= found.high
    assert 0.92 <= covered / 400 <= 0.98
