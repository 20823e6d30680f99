"""What every statistic of drift has to fulfil, on histograms drawn by chance."""

import doctest
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noria.core.drift import budget, discovery, jensen_shannon, l_infinity

STATISTICS = [jensen_shannon, l_infinity]
SHAPES = {
    "even": np.full(64, 1.0),
    "two": np.array([1.0, 1.0]),
    "uneven": 0.7 ** np.arange(20),
    "many, most of them rare": 1 / np.arange(1, 301),
}
each = pytest.mark.parametrize("statistic", STATISTICS, ids=lambda module: module.__name__.split(".")[-1])


def truth(shape: str) -> np.ndarray:
    return SHAPES[shape] / SHAPES[shape].sum()


@pytest.mark.parametrize(("statistic", "fewest"), [(jensen_shannon, 100), (l_infinity, 10_000)])
@pytest.mark.parametrize("rows", [100, 1_000, 10_000, 1_000_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_drift_in_no_alarm_out(statistic: ModuleType, fewest: int, shape: str, rows: int) -> None:
    # A divergence of rows from where they come is what `chance` says, on average and in its scatter; of
    # too few rows for an approximation, or of two shares that are one, no more than that.
    draws = np.random.default_rng(1).multinomial(rows, truth(shape), 2_000)
    found = statistic.divergence(draws, truth(shape) * 1e9)
    mean, variance = statistic.chance(truth(shape) * 1e9, np.array(float(rows)))
    assert found.mean() <= 1.1 * mean
    assert found.std() <= 1.25 * variance**0.5
    if rows >= fewest and (statistic is jensen_shannon or shape != "two"):
        assert found.mean() >= 0.9 * mean
        assert found.std() >= 0.8 * variance**0.5


@each
@pytest.mark.parametrize("shape", SHAPES)
def test_two_samples_are_as_far_apart_as_both_scatter(statistic: ModuleType, shape: str) -> None:
    # 1/n = 1/3000 + 1/6000: as far as 2000 rows are from the truth
    dice = np.random.default_rng(2)
    one, other = (dice.multinomial(rows, truth(shape), 1_000) for rows in (3_000, 6_000))
    mean, _ = statistic.chance(truth(shape) * 1e9, np.array(2_000.0))
    assert statistic.divergence(one, other).mean() <= 1.1 * mean


@each
@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=40).filter(any))
def test_equal_histograms_are_not_apart(statistic: ModuleType, counts: list[int]) -> None:
    found = np.array(counts)
    assert statistic.divergence(found, 3 * found) == pytest.approx(0, abs=1e-12)


@each
@settings(deadline=None)
@given(st.data())
def test_it_is_symmetric_lies_in_0_to_1_and_asks_for_no_order(
    statistic: ModuleType, data: st.DataObject
) -> None:
    counts = st.lists(st.integers(0, 50), min_size=9, max_size=9).filter(any)
    one, other = (np.array(data.draw(counts)) for _ in range(2))
    found = float(statistic.divergence(one, other))
    assert 0 <= found <= 1
    assert statistic.divergence(other, one) == pytest.approx(found, abs=1e-12)
    order = data.draw(st.permutations(range(9)))
    assert statistic.divergence(one[order], other[order]) == pytest.approx(found, abs=1e-12)


@each
def test_histograms_that_share_no_value_are_as_far_apart_as_can_be(statistic: ModuleType) -> None:
    assert statistic.divergence(np.array([5, 0]), np.array([0, 7])) == 1


@each
@pytest.mark.parametrize("shape", SHAPES)
def test_it_grows_with_the_shift(statistic: ModuleType, shape: str) -> None:
    # more and more of the first category is recorded as the second
    before = truth(shape)
    moved = np.linspace(0, before[0], 20)
    after = np.tile(before, (20, 1))
    after[:, 0], after[:, 1] = before[0] - moved, before[1] + moved
    assert (np.diff(statistic.divergence(after, before)) > 0).all()


@each
def test_many_histograms_are_compared_at_once(statistic: ModuleType) -> None:
    dice = np.random.default_rng(3)
    one, other = (dice.integers(1, 50, (4, 9)) for _ in range(2))
    rows = np.arange(1, 5) * 1_000.0
    together = statistic.divergence(one, other), *statistic.chance(other, rows)
    alone = [
        (statistic.divergence(*pair), *statistic.chance(pair[1], count))
        for *pair, count in zip(one, other, rows, strict=True)
    ]
    assert np.allclose(np.array(together).T, alone)


@pytest.mark.parametrize("module", [*STATISTICS, discovery, budget])
def test_examples(module: ModuleType) -> None:
    names = {**vars(module), "np": np}
    assert doctest.testmod(module, globs=names).failed == 0
    assert doctest.testmod(module, globs=names).attempted > 0
