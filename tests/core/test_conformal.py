"""Margins by hand, their coverage, and how the level follows what was covered."""

from math import inf

import numpy as np
import pytest

from noria.core.conformal import KEPT, adapt, calibrate, misfit


def test_misfits_by_hand() -> None:
    truth = np.array([1.0, 0.0])
    assert misfit("regression", truth, np.array([3.0, -1.5])) == pytest.approx([2, 1.5])
    assert misfit("binary", truth, np.array([0.9, 0.2])) == pytest.approx([0.1, 0.2])
    assert misfit("multiclass", truth, np.array([[0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])) == pytest.approx(
        [0.3, 0.4]
    )


# Of 9 misfits 1 to 9: the rank is 10 x level, rounded up.
@pytest.mark.parametrize(
    ("level", "margin"), [(0.5, 5), (0.51, 6), (0.9, 9), (0.91, inf), (1.2, inf), (0.0, 1), (-0.1, 1)]
)
def test_a_margin_is_a_quantile_with_one_row_more(level: float, margin: float) -> None:
    assert calibrate(np.arange(9, 0, -1.0)).margin(level) == margin


def test_no_rows_tell_no_margin_but_infinity() -> None:
    assert calibrate(np.array([np.nan])).margin(0.5) == inf


def test_kept_order_statistics_are_never_below_the_quantile() -> None:
    values = np.random.default_rng(1).exponential(size=33_333)
    found = calibrate(values)
    assert len(found.kept) == KEPT
    for level in (0.5, 0.8, 0.9, 0.99):
        share = (values <= found.margin(level)).mean()
        assert level <= share <= level + 2 / KEPT


def test_of_exchangeable_rows_the_level_is_covered() -> None:
    """2,000 calibrations of 99 rows, each with a new row: 90% are covered, to a standard error of 0.7%."""
    draw = np.random.default_rng(2)
    covered = [draw.exponential() <= calibrate(draw.exponential(size=99)).margin(0.9) for _ in range(2_000)]
    assert np.mean(covered) == pytest.approx(0.9, abs=0.02)


def test_the_level_rises_by_a_share_of_each_miss() -> None:
    # 0.9 + 0.3 (0.9 - 0.8) = 0.93, and then 0.93 + 0.3 (0.9 - 1) = 0.9
    assert adapt(0.9, 0.9, []) == 0.9
    assert adapt(0.9, 0.9, [0.8]) == pytest.approx(0.93)
    assert adapt(0.9, 0.9, [0.8, 1.0]) == pytest.approx(0.9)


def test_an_adapted_level_covers_what_a_fixed_one_does_not() -> None:
    """Misfits twice as large as those of the calibration; a day has 200 rows, labelled a day late."""
    draw = np.random.default_rng(3)
    known = calibrate(np.abs(draw.normal(size=5_000)))
    fixed, adapted = [], []
    for _ in range(300):
        misfits = 2 * np.abs(draw.normal(size=200))
        fixed.append((misfits <= known.margin(0.9)).mean())
        adapted.append((misfits <= known.margin(adapt(0.9, 0.9, adapted[:-1]))).mean())
    assert np.mean(fixed) < 0.65  # P(2|Z| <= 1.645) = 0.59
    assert np.mean(adapted[100:]) == pytest.approx(0.9, abs=0.01)
