import numpy as np
import pytest

from noria.core.concept.residual import residuals


def day(*bins: tuple[int, float]) -> np.ndarray:
    """A day's sums of bins of so many rows with such a mean loss."""
    return np.array([[n, n, 0.0, 0.0, n * loss] for n, loss in bins]).T


def test_what_other_inputs_explain_is_no_residual() -> None:
    usual, more_of_the_hard = day((5000, 0.2), (5000, 0.8)), day((1000, 0.2), (9000, 0.8))
    first, second = residuals([usual, more_of_the_hard])
    assert first is None  # there is nothing before it
    assert second == pytest.approx(0, abs=0.001)  # .74 instead of .5


def test_more_loss_at_the_same_outputs_is() -> None:
    _, second = residuals([day((5000, 0.2), (5000, 0.8)), day((500, 0.3), (500, 0.9))])
    assert second == pytest.approx(0.1, abs=0.001)


def test_a_day_of_few_labels_is_left_out() -> None:
    assert residuals([day((5000, 0.2)), day((19, 9.0)), day((20, 0.2))])[1:] == [None, pytest.approx(0)]
    assert residuals([]) == []
