"""What every statistic of drift has to fulfil, on histograms drawn by chance."""

import doctest
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noria.core.drift import budget, discovery, jensen_shannon, l_infinity

Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]
STATISTICS: list[Statistic] = [jensen_shannon.divergence, l_infinity.distance]
SHAPES = {
    "even": np.full(64, 1.0),
    "two": np.array([1.0, 1.0]),
    "uneven": 0.7 ** np.arange(20),
    "many, most of them rare": 1 / np.arange(1, 301),
}
each = pytest.mark.parametrize("statistic", STATISTICS, ids=["jensen_shannon", "l_infinity"])


def truth(shape: str) -> np.ndarray:
    return SHAPES[shape] / SHAPES[shape].sum()


@pytest.mark.parametrize("rows", [100, 1_000, 1_000_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_drift_in_no_alarm_out(shape: str, rows: int) -> None:
    # The divergence of rows from where they come is what `chance` says, on average and in its scatter.
    draws = np.random.default_rng(1).multinomial(rows, truth(shape), 2_000)
    found = jensen_shannon.divergence(draws, truth(shape) * 1e9)
    mean, variance = jensen_shannon.chance(truth(shape) * 1e9, np.array(float(rows)))
    assert found.mean() == pytest.approx(mean, rel=0.1)
    assert found.std() == pytest.approx(variance**0.5, rel=0.2)


@pytest.mark.parametrize("shape", SHAPES)
def test_two_samples_are_as_far_apart_as_both_scatter(shape: str) -> None:
    # 1/n = 1/3000 + 1/6000: as far as 2000 rows are from the truth
    dice = np.random.default_rng(2)
    one, other = (dice.multinomial(rows, truth(shape), 1_000) for rows in (3_000, 6_000))
    mean, _ = jensen_shannon.chance(truth(shape) * 1e9, np.array(2_000.0))
    assert jensen_shannon.divergence(one, other).mean() == pytest.approx(mean, rel=0.15)


@each
@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=40).filter(any))
def test_equal_histograms_are_not_apart(statistic: Statistic, counts: list[int]) -> None:
    found = np.array(counts)
    assert statistic(found, 3 * found) == pytest.approx(0, abs=1e-12)


@each
@settings(deadline=None)
@given(st.data())
def test_it_is_symmetric_lies_in_0_to_1_and_asks_for_no_order(
    statistic: Statistic, data: st.DataObject
) -> None:
    counts = st.lists(st.integers(0, 50), min_size=9, max_size=9).filter(any)
    one, other = (np.array(data.draw(counts)) for _ in range(2))
    found = float(statistic(one, other))
    assert 0 <= found <= 1
    assert statistic(other, one) == pytest.approx(found, abs=1e-12)
    order = data.draw(st.permutations(range(9)))
    assert statistic(one[order], other[order]) == pytest.approx(found, abs=1e-12)


@each
def test_histograms_that_share_no_value_are_as_far_apart_as_can_be(statistic: Statistic) -> None:
    assert statistic(np.array([5, 0]), np.array([0, 7])) == 1


@each
@pytest.mark.parametrize("shape", SHAPES)
def test_it_grows_with_the_shift(statistic: Statistic, shape: str) -> None:
    # more and more of the first category is recorded as the second
    before = truth(shape)
    moved = np.linspace(0, before[0], 20)
    after = np.tile(before, (20, 1))
    after[:, 0], after[:, 1] = before[0] - moved, before[1] + moved
    assert (np.diff(statistic(after, before)) > 0).all()


@each
def test_many_histograms_are_compared_at_once(statistic: Statistic) -> None:
    dice = np.random.default_rng(3)
    one, other = (dice.integers(1, 50, (4, 9)) for _ in range(2))
    alone = [statistic(*pair) for pair in zip(one, other, strict=True)]
    assert np.allclose(statistic(one, other), alone)


@pytest.mark.parametrize("module", [jensen_shannon, l_infinity, discovery, budget])
def test_examples(module: ModuleType) -> None:
    names = {**vars(module), "np": np}
    assert doctest.testmod(module, globs=names).failed == 0
    assert doctest.testmod(module, globs=names).attempted > 0
