"""Assertions about rows: what passes, what fails, and which rows the failure shows."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression

from noria.artifact import package
from noria.artifact.model import Model
from noria.model_tests import (
    assert_beats_baseline,
    assert_direction,
    assert_invariant,
    assert_minimum,
    assert_slice,
)
from noria.model_tests.rows_failed import RowsFailed

ROWS = pl.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "colour": ["red", "blue", "red", "blue"]})


def score(rows: pl.DataFrame | list[dict]) -> np.ndarray:
    """A model whose score is the size, and one more for what is red."""
    frame = pl.DataFrame(rows)
    return (frame["size"] + (frame["colour"] == "red")).to_numpy()


def blue(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(colour=pl.lit("blue"))


def larger(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("size") * 2)


def test_what_should_not_matter_and_does_is_shown_before_and_after() -> None:
    assert_invariant(score, ROWS, blue, tolerance=1.0)
    with pytest.raises(RowsFailed, match="2 of 4 rows moved by more than") as failure:
        assert_invariant(score, ROWS, blue, tolerance=0.5)
    assert failure.value.rows[0] == {"row": 0, "score": "2 -> 1", "colour": "red -> blue"}
    assert "red -> blue" in str(failure.value)


def test_an_answer_that_is_no_number_has_moved() -> None:
    with pytest.raises(RowsFailed, match="4 of 4 rows moved"):
        assert_invariant(lambda rows: score(rows) * np.nan, ROWS, blue, tolerance=1.0)


def test_a_direction_holds_for_a_share_of_the_rows() -> None:
    assert_direction(score, ROWS, larger, "up")
    assert_direction(score, ROWS, blue, "up", share=0.5)
    with pytest.raises(RowsFailed, match=r"2 of 4 rows did not go up; 60% of them should"):
        assert_direction(score, ROWS, blue, "up", share=0.6)
    with pytest.raises(RowsFailed, match="4 of 4 rows did not go down"):
        assert_direction(score, ROWS, larger, "down")


def test_several_scores_have_no_direction() -> None:
    with pytest.raises(ValueError, match="picks a class's column"):
        assert_direction(lambda rows: np.column_stack([score(rows)] * 2), ROWS, larger, "up")


def test_plain_cases_are_answered_as_anybody_would() -> None:
    small, large = {"size": 1.0, "colour": "blue"}, {"size": 9.0, "colour": "blue"}
    assert_minimum(score, [(small, (0, 2)), (large, (8, 10))])
    with pytest.raises(RowsFailed, match="1 of 2 cases") as failure:
        assert_minimum(score, [(small, (0, 2)), (large, (0, 2))])
    assert failure.value.rows == [{"score": 9.0, "allowed": "0 to 2", **large}]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Says that y is x."""
    x = np.arange(20.0)
    frame = pl.DataFrame({"x": x}).to_pandas()
    folder = tmp_path_factory.mktemp("model") / "artifact"
    fitted = LinearRegression().fit(frame, x)
    package.save(fitted, folder, task="regression", features={"x": "number"}, example=frame)
    return Model(folder)


def days(y: np.ndarray) -> pl.DataFrame:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    times = [begin + timedelta(hours=8 * hour) for hour in range(len(y))]
    return pl.DataFrame({"x": np.arange(float(len(y))), "y": y, "_time": times})


def test_a_slice_with_too_high_a_loss_shows_its_worst_rows(model: Model) -> None:
    rows = days(np.array([0.0, 1.0, 2.0, 13.0]))
    assert_slice(model, rows, "y", at_most=25.1)
    with pytest.raises(RowsFailed, match=r"rmse is 25\.0000 a row on 4 rows; at most 24\.0000") as failure:
        assert_slice(model, rows, "y", at_most=24)
    assert failure.value.rows[0]["y"] == 13.0


def test_a_metric_without_a_loss_a_row_is_told_with_those_that_have_one(model: Model) -> None:
    with pytest.raises(ValueError, match=r"found 'auc'; allowed, those with a loss a row: rmse, mae"):
        assert_slice(model, days(np.arange(3.0)), "y", at_most=1, metric="auc")


def test_worse_than_knowing_nothing_is_seen_on_days_beyond_chance(model: Model) -> None:
    right, wrong = np.arange(30.0), np.arange(30.0)[::-1].copy()
    assert_beats_baseline(model, days(right), "y", days(right))
    with pytest.raises(RowsFailed, match="worse than the baseline's on 30 rows"):
        assert_beats_baseline(model, days(wrong), "y", days(right), confidence=0.9)
    assert_beats_baseline(model, days(wrong)[:3], "y", days(right))  # a day alone proves nothing


def test_a_name_that_is_none_of_its_assertions_is_told() -> None:
    with pytest.raises(ImportError):
        from noria.model_tests import assert_nothing  # type: ignore[attr-defined]  # noqa: F401
