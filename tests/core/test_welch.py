import numpy as np
import pytest
from scipy.stats import ttest_ind

from noria.core.welch import FALSE_ALARMS, beyond_chance


@pytest.mark.parametrize("seed", range(20))
def test_it_is_welch_s_test(seed: int) -> None:
    """SciPy keeps the fraction of the degrees of freedom, which are rounded down here: hence the 10%."""
    random = np.random.default_rng(seed)
    one, other = random.normal(1.2 + seed / 20, 0.8, 9), random.normal(0, 0.3, 14)
    probability = ttest_ind(one, other, equal_var=False, alternative="greater").pvalue
    if not 0.9 < probability / FALSE_ALARMS < 1.1:
        assert beyond_chance(one.mean() - other.mean(), list(one), list(other)) == (
            probability < FALSE_ALARMS
        )


def test_one_direction_counts() -> None:
    low, high = [0.50, 0.51, 0.50, 0.51], [0.60, 0.61, 0.60, 0.61]
    assert beyond_chance(0.1, high, low)
    assert not beyond_chance(-0.1, low, high)


def test_a_single_day_says_nothing() -> None:
    assert not beyond_chance(0.5, [1.0] * 7, [0.5])
    assert beyond_chance(0.5, [1.0] * 7, [0.5, 0.5])
