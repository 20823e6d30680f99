import numpy as np

from noria.core.profile.grid import BINS, Grid, NumberBins, category_bins, number_bins


def test_numbers_are_cut_at_their_quantiles() -> None:
    bins = number_bins(np.arange(1, 6401, dtype=float))  # 64 bins of 100 each
    assert len(bins.edges) == BINS - 1
    assert np.bincount(bins.place(np.arange(1, 6401, dtype=float))).tolist() == [100] * BINS
    assert bins.outside(np.array([0.9, 1, 6400, 6400.1])).tolist() == [True, False, False, True]


def test_few_values_get_a_bin_each() -> None:
    bins = number_bins(np.array([0.0, 1.0, 2.0] * 100))
    assert bins.edges == (0.0, 1.0, 2.0)
    assert bins.place(np.array([0.0, 1.0, 2.0, 3.0])).tolist() == [0, 1, 2, 3]


def test_a_column_without_a_number_has_no_range() -> None:
    bins = number_bins(np.array([]))
    assert bins == NumberBins(edges=(), low=-np.inf, high=np.inf)
    assert not bins.outside(np.array([1e300])).any()


def test_what_the_reference_did_not_have_falls_into_the_last_bin() -> None:
    bins = category_bins({"b": 3, "a": 9})
    assert bins.place(["a", "b", "z"]).tolist() == [0, 1, 2]
    assert bins.complete


def test_of_very_many_categories_the_frequent_ones_are_counted_one_by_one() -> None:
    bins = category_bins({f"c{number:04}": 5000 - number for number in range(2000)})
    assert (len(bins.categories), bins.complete) == (1000, False)
    assert bins.place(["c0000", "c0999", "c1000"]).tolist() == [0, 999, 1000]


def test_only_equal_bins_have_the_same_digest() -> None:
    grid = Grid(columns={"x": number_bins(np.array([1.0, 2.0])), "c": category_bins({"a": 1})})
    assert grid.slices == {"x": slice(0, 3), "c": slice(3, 5)}
    assert grid.digest == Grid(columns=dict(grid.columns)).digest
    assert grid.digest != Grid(columns={"x": grid.columns["x"]}).digest
