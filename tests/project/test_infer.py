from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import polars as pl
import pytest

from noria.errors import DataError
from noria.project.infer import Inference, infer
from noria.project.model import Task
from noria.project.table import Column

ROWS = 400


def told(**columns: Any) -> Inference:
    frame = pl.DataFrame({"label": [0, 1] * (ROWS // 2), "x": [i * 0.5 for i in range(ROWS)], **columns})
    return infer(frame, label="label")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([0, 1] * 200, Task.BINARY),
        ([True, False] * 200, Task.BINARY),
        (["no", "yes"] * 200, Task.BINARY),
        ([1.0, 2.0] * 200, Task.BINARY),
        ([0, 1, 2, None] * 100, Task.MULTICLASS),
        (["a", "b", "c", "d"] * 100, Task.MULTICLASS),
        ([0.0, 0.5, 1.0, 1.5] * 100, Task.REGRESSION),  # four floats are no classes
        (list(range(100)) * 4, Task.REGRESSION),  # 100 > 20 whole numbers are no classes
    ],
)
def test_the_task_follows_from_the_label(values: list[Any], task: Task) -> None:
    assert told(label=values).task is task


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1] * ROWS, "found 1 distinct values"),
        ([None] * ROWS, "found 0 distinct values"),
        ([f"text {i}" for i in range(ROWS)], "found 400 distinct values of type String; allowed: numbers"),
    ],
)
def test_a_label_that_is_no_task_is_refused(values: list[Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        told(label=values)


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ([1.5, 2.5] * 200, Column(name="c", kind="number", nullable=True, low=1.5, high=2.5)),
        ([1.5, float("nan")] * 200, Column(name="c", kind="number", nullable=True, low=1.5, high=1.5)),
        ([3, 4] * 200, Column(name="c", kind="integer", low=3, high=4)),
        ([3, None, 4, 4] * 100, Column(name="c", kind="integer", nullable=True, low=3, high=4)),
        ([True, False] * 200, Column(name="c", kind="boolean")),
        (
            ["b", "a", None, "a"] * 100,
            Column(name="c", kind="category", nullable=True, categories=("a", "b")),
        ),
    ],
)
def test_a_column_s_kind_and_what_was_seen(values: list[Any], column: Column) -> None:
    inference = told(c=values)
    assert inference.schema.column("c") == column


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([f"key {i}" for i in range(ROWS)], "an identifier: another text in each row"),
        ([f"key {i % 201}" for i in range(ROWS)], "a text: 201 values"),  # 201 > 200
        (list(range(7, 7 + ROWS)), "an identifier: another number in each row"),
        ([5] * ROWS, "constant"),
        ([5, None] * 200, "constant"),
        ([None] * ROWS, "always missing"),
        (
            [datetime(2013, 1, 1) + timedelta(days=i) for i in range(ROWS)],
            "a timestamp: derive numbers from it",
        ),
        ([time(8, minute % 60) for minute in range(ROWS)], "a text: 60 values"),
        ([[1], [2]] * 200, "a text: 2 values"),
    ],
)
def test_what_no_model_should_see_is_left_out_with_the_reason(values: list[Any], reason: str) -> None:
    inference = told(c=values)
    assert inference.left_out == {"label": "the label", "c": reason}
    assert inference.features == ("x",)


@pytest.mark.parametrize("name", ["size [m]", "a:b", 'say "x"', "net, gross"])
def test_a_name_that_lightgbm_does_not_take_is_left_out(name: str) -> None:
    inference = told(**{name: [1.5, 2.5] * 200})
    assert inference.features == ("x",)
    assert inference.left_out[name].endswith("rename the column")


def test_two_hundred_categories_in_enough_rows_are_a_feature() -> None:
    assert told(c=[f"key {i % 200}" for i in range(ROWS)]).features == ("x", "c")


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(DataError, match=r"no column is left .*x: constant"):
        told(x=[1] * ROWS)


@pytest.mark.parametrize(
    "times",
    [
        [datetime(2013, 1, 1, tzinfo=UTC)] * ROWS,
        ["2013-01-01T08:15:00"] * ROWS,
        ["2013-01-01 08:15"] * ROWS,
        ["2013-01-01T08:15:00+02:00"] * ROWS,
    ],
)
def test_times_are_timestamps_and_no_features(times: list[Any]) -> None:
    frame = pl.DataFrame({"t": times, "x": range(0, 2 * ROWS, 2), "label": [0, 1] * 200})
    inference = infer(frame, label="label", time="t")
    assert inference.schema.column("t") == Column(name="t", kind="timestamp")
    assert inference.features == ("x",)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (["2013-01-01", "soon"] * 200, "do not all read as times"),
        ([20130101] * ROWS, "found Int64, such as 20130101"),
        ([datetime(2013, 1, 1), None] * 200, "200 rows have none"),
    ],
)
def test_times_that_cannot_be_read_are_refused(times: list[Any], said: str) -> None:
    frame = pl.DataFrame({"t": times, "x": range(ROWS), "label": [0, 1] * 200})
    with pytest.raises(DataError, match=said):
        infer(frame, label="label", time="t")


def test_an_entity_has_one_row_or_one_at_each_time() -> None:
    days = [datetime(2013, 1, 1) + timedelta(days=row // 2) for row in range(ROWS)]
    frame = pl.DataFrame(
        {"who": ["ann", "bob"] * 200, "t": days, "x": [0, 1, 5, 5] * 100, "label": [0, 1] * 200}
    )
    with pytest.raises(DataError, match=r"found 400 rows of 2 entities; .* with --time COLUMN"):
        infer(frame, label="label", entity="who")
    assert infer(frame, label="label", entity="who", time="t").rows == ROWS
    with pytest.raises(DataError, match=r'found 401 rows of 400 entities at different "t"'):
        infer(pl.concat([frame, frame.head(1)]), label="label", entity="who", time="t")


def test_a_column_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(DataError, match=r'label: found "lable"; no such column; did you mean label\?'):
        infer(pl.DataFrame({"label": [0, 1]}), label="lable")


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(DataError, match="no rows"):
        infer(pl.DataFrame({"label": []}), label="label")
