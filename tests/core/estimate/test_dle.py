import numpy as np
import pytest

from noria.core.estimate import dle


def scores(*bins: tuple[int, float]) -> np.ndarray:
    """Sums of bins of so many rows with such a mean loss."""
    return np.array([[n, n, 0, 0, n * loss] for n, loss in bins]).T


def test_more_predictions_where_the_model_is_bad_are_more_loss() -> None:
    past = scores((10_000, 1.0), (10_000, 3.0))
    assert dle.estimate(np.array([1.0, 1.0]), past) == pytest.approx(2.0)
    assert dle.estimate(np.array([1.0, 3.0]), past) == pytest.approx(2.5, abs=0.01)


def test_a_bin_that_was_hardly_seen_is_near_the_mean_of_all() -> None:
    # 1 row of loss 9 beside 10 of the mean, (999 + 9) / 1000: about (10 + 9) / 11
    assert dle.estimate(np.array([0.0, 1.0]), scores((999, 1.0), (1, 9.0))) == pytest.approx(1.734, abs=0.01)


def test_it_says_nothing_without_predictions_or_labels() -> None:
    assert np.isnan(dle.estimate(np.zeros(2), scores((1, 1.0), (1, 1.0))))
    assert np.isnan(dle.estimate(np.ones(2), np.zeros((5, 2))))
