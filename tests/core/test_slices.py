import doctest

import numpy as np
import pytest

from noria.core import slices
from noria.core.slices import slice_test


def test_the_example_holds() -> None:
    assert doctest.testmod(slices).failed == 0


def test_a_slice_of_few_rows_or_days_is_not_judged() -> None:
    codes = np.array([0] * 50 + [1] * 500 + [2] * 450)
    days = np.array([0] * 50 + [1] * 500 + [*range(45)] * 10)  # the second slice is of one day
    found = slice_test(codes, 3, days, np.ones(1000), np.zeros(1000), least=100, margin=0.0)
    assert found.rows.tolist() == [50, 500, 450]
    assert np.isfinite(found.p).tolist() == [False, False, True]


def test_rows_in_no_slice_do_not_count() -> None:
    codes = np.tile([0, -1], 500)
    own = np.where(codes == 0, 1.0, 9.0)
    found = slice_test(codes, 1, np.arange(1000) // 20, own, np.zeros(1000), least=10, margin=0.0)
    assert (found.rows[0], found.own[0]) == (500, pytest.approx(1))


def test_slices_on_which_both_are_alike_are_seldom_found_even_where_days_differ() -> None:
    random = np.random.default_rng(0)
    found = 0
    for _ in range(200):
        days = np.arange(1400) // 100
        own, other = (random.exponential(size=1400) + random.normal(size=14)[days] * 0.5 for _ in range(2))
        p = slice_test(random.integers(0, 4, 1400), 4, days, own, other, least=100, margin=0.0).p
        found += int((p < 0.01).sum())
    assert found <= 20  # of 800 tests at 1%: 8, and three standard deviations and more of alike slices
