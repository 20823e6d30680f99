import numpy as np
import pytest

from noria.core.calibration import PREDICTIONS, ROWS, TRUTH, calibration_error, reliability, sums


def made(*groups: tuple[float, float, int]) -> np.ndarray:
    """Sums with a bin for each (output, share that came true, rows)."""
    return np.array([[n, n, n * output, n * true, 0.0] for output, true, n in groups]).T


def test_a_day_is_summed_by_bin_and_unlabelled_rows_are_only_counted() -> None:
    labelled = np.array([True, True, False])
    found = sums(
        np.array([0, 2, 2]), 3, labelled, np.array([0.1, 0.9]), np.array([0.0, 1]), np.array([1.0, 2])
    )
    assert found[PREDICTIONS].tolist() == [1, 0, 2]
    assert found[ROWS].tolist() == [1, 0, 1]
    assert found[TRUTH].tolist() == [0, 0, 1]


def test_the_error_is_the_mean_distance_weighted_by_rows() -> None:
    # |.2 - .3| of 300 rows and |.8 - .8| of 100: .1 * 3/4
    assert calibration_error(made((0.2, 0.3, 300), (0.8, 0.8, 100))) == pytest.approx(0.075)


def test_bins_are_gathered_into_groups_of_about_as_many_rows() -> None:
    groups = reliability(made(*((place / 64, place / 64, 10) for place in range(64))))
    assert len(groups) == 10
    assert {group.rows for group in groups} <= {60, 70}
    assert sum(group.rows for group in groups) == 640


def test_nothing_is_said_without_labels() -> None:
    assert np.isnan(calibration_error(np.zeros((5, 4))))
    assert reliability(np.zeros((5, 4))) == ()


def test_what_is_calibrated_has_a_small_error_and_what_is_too_sure_a_large_one() -> None:
    chance = np.random.default_rng(1)
    true = chance.uniform(size=20_000)
    happened = (chance.uniform(size=20_000) < true).astype(float)
    sure = true**2 / (true**2 + (1 - true) ** 2)

    def error(output: np.ndarray) -> float:
        everywhere = np.full(len(output), True)
        place = (output * 63.999).astype(int)
        return calibration_error(sums(place, 64, everywhere, output, happened, np.zeros(len(output))))

    assert error(true) < 0.015
    assert error(sure) > 0.07
