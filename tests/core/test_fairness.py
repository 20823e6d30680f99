import numpy as np
import pytest

from noria.core import fairness

GROUPS = np.array(
    [
        # predictions, rows, loss, selected, positives, hits, false
        [200, 100, 50, 100, 40, 30, 20],
        [400, 200, 60, 100, 80, 20, 30],
        [5, 5, 5, 5, 5, 5, 0],  # too few rows to be compared
    ],
    dtype=float,
)


@pytest.mark.parametrize(
    ("rate", "gap"),
    [
        (fairness.selection_rate, 100 / 200 - 100 / 400),
        (fairness.true_positive_rate, 30 / 40 - 20 / 80),
        (fairness.false_positive_rate, 20 / 60 - 30 / 120),
        (fairness.loss, 50 / 100 - 60 / 200),
    ],
)
def test_a_gap_is_between_groups_with_enough_rows(rate: fairness.Rate, gap: float) -> None:
    assert fairness.gap(GROUPS, rate) == pytest.approx(gap)


def test_one_group_has_no_gap() -> None:
    assert np.isnan(fairness.gap(GROUPS[:1], fairness.selection_rate))


def test_a_rate_without_rows_is_unknown_and_left_out() -> None:
    groups = GROUPS.copy()
    groups[0, fairness.POSITIVES] = 0
    assert np.isnan(fairness.true_positive_rate(groups)[0])
    assert np.isnan(fairness.gap(groups, fairness.true_positive_rate))


def test_where_nobody_is_selected_only_the_loss_is_compared() -> None:
    assert list(fairness.rates("regression")) == list(fairness.rates("multiclass")) == ["loss"]
    assert len(fairness.rates("binary")) == 4
