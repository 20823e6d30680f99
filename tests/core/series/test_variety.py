import numpy as np

from noria.core.series.variety import variety


def test_filled_bins_are_counted_column_by_column() -> None:
    assert variety(np.array([5, 5, 5, 0, 7, 0, 0]), [0, 4]).tolist() == [3, 1]


def test_a_hundredth_is_not_enough() -> None:
    assert variety(np.array([989, 10, 1]), [0]).tolist() == [1]
    assert variety(np.array([988, 11, 1]), [0]).tolist() == [2]


def test_few_rows_have_about_the_same_variety() -> None:
    counts = np.array([300, 200, 200, 100, 100, 50, 50])
    dice = np.random.default_rng(1)
    few = [variety(dice.multinomial(100, counts / counts.sum()), [0])[0] for _ in range(200)]
    assert variety(counts, [0])[0] == 7
    assert np.mean(few) > 6.8


def test_without_values_there_is_none() -> None:
    assert variety(np.array([0, 0, 3]), [0, 2]).tolist() == [0, 1]
