import math

import numpy as np
import pytest

from noria.core.paired import Moments
from noria.core.quality import METRICS
from noria.realised import realised
from noria.rows import QualityRow

TRUTH = np.array([1.0, 0.0, 1.0, 0.0])
OWN = np.array([0.9, 0.2, 0.4, 0.6])
CHAMPION = np.array([0.8, 0.6, 0.7, 0.4])


def of(task: str = "binary", loss: str = "brier", **changes: object) -> QualityRow:
    given = {"truth": TRUTH, "output": OWN, "champion": None} | changes
    return realised(
        "m", task, day="2013-01-01", version=7, role="shadow", predictions=5, loss=METRICS[loss], **given
    )


def test_the_losses_of_the_rows() -> None:
    row = of()
    # .01, .04, .36, .36: the mean is .1925; variance (.0001 + .0016 + 2 x .1296) / 4 - .1925^2
    assert row.losses == Moments(rows=4, mean=pytest.approx(0.1925), variance=pytest.approx(0.02816875))
    assert (row.predictions, row.rows, row.loss, row.paired) == (5, 4, "brier", None)
    assert set(row.metrics) == {"log_loss", "auc", "brier", "accuracy"}
    assert row.metrics["brier"] == pytest.approx(row.losses.mean)


def test_against_the_champion() -> None:
    paired = of(champion=CHAMPION).paired
    # the champion lost .04, .36, .09, .16: .03 + .32 - .27 - .20 = -.12 in 4 rows
    assert paired.gains.rows == 4
    assert paired.gains.mean == pytest.approx(-0.03)
    # right are rows 1 and 2 of the one, 1, 3 and 4 of the other
    assert (paired.won, paired.lost) == (1, 2)


def test_only_what_both_answered_is_paired() -> None:
    paired = of(champion=np.array([0.8, math.nan, math.nan, math.nan])).paired
    assert paired.gains == Moments(rows=1, mean=pytest.approx(0.03), variance=0)
    assert of(champion=np.full(4, math.nan)).paired is None


def test_classes() -> None:
    truth = np.array([0.0, 2.0])
    own, champion = np.array([[0.7, 0.2, 0.1]] * 2), np.array([[0.1, 0.2, 0.7], [math.nan] * 3])
    paired = of("multiclass", "log_loss", truth=truth, output=own, champion=champion).paired
    assert paired.gains.mean == pytest.approx(math.log(7))  # -log .1 less -log .7
    assert (paired.gains.rows, paired.won, paired.lost) == (1, 1, 0)


def test_a_regression_has_no_right_and_wrong() -> None:
    paired = of(
        "regression", "rmse", truth=np.array([10.0]), output=np.array([12.0]), champion=np.array([9.0])
    )
    assert paired.paired.gains.mean == 1 - 4
    assert (paired.paired.won, paired.paired.lost) == (0, 0)
    assert paired.metrics == {"rmse": 2, "mae": 2}


def test_what_is_no_number_is_no_evidence() -> None:
    row = of(output=np.array([0.9, math.nan, 0.4, 0.6]), champion=CHAMPION)
    assert row.losses is None
    assert row.paired is None


def test_without_labels() -> None:
    nothing = np.array([])
    row = of(truth=nothing, output=nothing, champion=nothing)
    assert (row.rows, row.metrics, row.losses, row.paired) == (0, {}, None, None)


def test_only_the_metrics_that_are_asked_for() -> None:
    assert set(of(metrics=[METRICS["auc"]]).metrics) == {"auc"}
