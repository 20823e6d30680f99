import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from noria.core.quality import METRICS, metrics_of, primary, score

TRUTH = np.array([1.0, 0, 1, 0])
OUTPUT = np.array([0.9, 0.2, 0.4, 0.4])


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        # -ln(.9) .1054, -ln(.8) .2231, -ln(.4) .9163, -ln(.6) .5108; their mean
        ("log_loss", 0.43891),
        # .01, .04, .36, .16; their mean
        ("brier", 0.1425),
        # pairs (positive above negative): .9>.2, .9>.4, .4>.2 are won, .4=.4 is half: 3.5 of 4
        ("auc", 0.875),
        # above one half: right, right, wrong, right
        ("accuracy", 0.75),
    ],
)
def test_binary(metric: str, expected: float) -> None:
    assert METRICS[metric].score(TRUTH, OUTPUT) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("rmse", 1.5811), ("mae", 1.5)],  # errors 1 and 2: sqrt((1 + 4) / 2), (1 + 2) / 2
)
def test_regression(metric: str, expected: float) -> None:
    assert METRICS[metric].score(np.array([1.0, 5]), np.array([2.0, 3])) == pytest.approx(expected, abs=1e-4)


def test_multiclass_takes_one_column_a_class() -> None:
    truth, output = np.array([2.0, 0]), np.array([[0.1, 0.2, 0.7], [0.3, 0.5, 0.2]])
    scores = score("multiclass", truth, output)
    assert scores == pytest.approx({"log_loss": -(np.log(0.7) + np.log(0.3)) / 2, "accuracy": 0.5})


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=60))
def test_agrees_with_scikit_learn(rows: list[tuple[bool, int]]) -> None:
    truth = np.array([float(late) for late, _ in rows])
    output = np.array([(tenth + 1) / 22 for _, tenth in rows])
    assert METRICS["log_loss"].score(truth, output) == pytest.approx(
        sk.log_loss(truth, output, labels=[0, 1])
    )
    if 0 < truth.sum() < len(truth):
        assert METRICS["auc"].score(truth, output) == pytest.approx(sk.roc_auc_score(truth, output))


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_no_rows_give_no_number(metric) -> None:
    assert np.isnan(metric.score(np.array([]), np.array([])))


def test_one_class_has_no_auc() -> None:
    assert np.isnan(METRICS["auc"].score(np.ones(3), np.array([0.1, 0.2, 0.3])))


def test_a_certain_and_wrong_model_pays_a_finite_price() -> None:
    assert METRICS["log_loss"].score(np.array([1.0]), np.array([0.0])) == pytest.approx(34.54, abs=0.01)


def test_every_task_has_a_primary_metric() -> None:
    for task, name in (("binary", "log_loss"), ("multiclass", "log_loss"), ("regression", "rmse")):
        assert primary(task).name == name
        assert all(task in metric.tasks for metric in metrics_of(task))
