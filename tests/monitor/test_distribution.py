import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.profile.grid import Bins, Grid, category_bins, number_bins
from noria.core.profile.reference import Reference
from noria.monitor.profiling import profile
from noria.monitor.report.distribution import MOST, REST, Bar, distribution

Values = list[str] | list[float]


def shown(bins: Bins, before: Values, now: Values) -> list[Bar]:
    grid = Grid(columns={"x": bins})
    learnt = Reference(grid=grid, blocks={"0000": profile(pl.DataFrame({"x": before}), grid)})
    return distribution(learnt, profile(pl.DataFrame({"x": now}), grid), "x")


def test_categories_from_the_most_frequent_on_and_the_new_ones_last() -> None:
    found = shown(category_bins({"a": 1, "b": 1}), ["a", "b", "b", "b"], ["a", "new", "new", "new"])
    assert found == [
        Bar(name="b", before=0.75, now=0.0),
        Bar(name="a", before=0.25, now=0.25),
        Bar(name=REST, before=0.0, now=0.75),
    ]


def test_numbers_in_their_order() -> None:
    found = shown(number_bins(np.array([1.0]), [1.0, 2.0]), [1.0, 2.0], [9.0, 9.0])
    assert [(bar.name, bar.before, bar.now) for bar in found] == [
        ("≤ 1", 0.5, 0.0),
        ("≤ 2", 0.5, 0.0),
        ("> 2", 0.0, 1.0),
    ]


@pytest.mark.parametrize("values", [[], [None]])
def test_without_values_all_shares_are_zero(values: list[None]) -> None:
    found = shown(category_bins({"a": 1}), ["a"], values)
    assert [bar.now for bar in found] == [0.0, 0.0]


def test_a_column_of_one_value() -> None:
    (low, high) = shown(number_bins(np.full(9, 5.0)), [5.0], [6.0])
    assert (low.name, high.name) == ("≤ 5", "> 5")
    assert (low.before, high.now) == (1.0, 1.0)


@given(st.integers(1, 300), st.integers(0, 99))
def test_shares_add_up_and_bars_are_few(size: int, seed: int) -> None:
    dice = np.random.default_rng(seed)
    before, now = dice.normal(size=size).tolist(), dice.normal(1, size=size).tolist()
    for found in (
        shown(number_bins(np.array(before)), before, now),
        shown(category_bins(dict.fromkeys(map(str, before), 1)), [*map(str, before)], [*map(str, now)]),
    ):
        assert len(found) <= MOST
        assert len({bar.name for bar in found}) == len(found)
        assert sum(bar.before for bar in found) == pytest.approx(1)
        assert sum(bar.now for bar in found) == pytest.approx(1)
