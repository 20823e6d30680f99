import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.gateway.batch import Batch, join, take

NUMBERS = frozenset({"x"})
A = Batch(("x", "y"), [[1.0, 2.0], ["a", None]], 2)
B = Batch(("x", "y"), [[3.0], ["b"]], 1)
C = Batch(("x", "y"), [np.array([4.0, np.nan]), ["c", "c"]], 2)


def rows(batches: list[Batch], numbers: frozenset[str] = NUMBERS) -> dict[str, list[Any]]:
    return {name: list(column) for name, column in join(batches, numbers).columns().items()}


def test_joined_batches_keep_their_order() -> None:
    assert rows([A, B]) == {"x": [1.0, 2.0, 3.0], "y": ["a", None, "b"]}


@pytest.mark.parametrize("batches", [[A, C], [C, A]])
def test_lists_and_arrays_are_joined(batches: list[Batch]) -> None:
    joined = rows(batches)
    expected = {"x": [*batches[0].columns[0], *batches[1].columns[0]]}
    assert joined["x"] == pytest.approx(expected["x"], nan_ok=True)
    assert sorted(map(str, joined["y"])) == ["None", "a", "c", "c"]


def test_numbers_are_packed_as_float64() -> None:
    block = join([A, B], NUMBERS)
    assert (block.rows, block.numbers) == (3, ("x",))
    assert block.values == np.array([1, 2, 3], "<f8").tobytes()
    assert block.others == {"y": ["a", None, "b"]}


@pytest.mark.parametrize("column", [[1.0, None], np.array([1.0, np.nan])])
def test_a_missing_number_is_nan(column: Any) -> None:
    first, second = rows([Batch(("x",), [column], 2)])["x"]
    assert first == 1
    assert math.isnan(second)


def test_a_column_that_one_batch_lacks_is_missing_there() -> None:
    assert rows([A, Batch(("x",), [[4.0]], 1)]) == {"x": [1.0, 2.0, 4.0], "y": ["a", None, None]}
    joined = rows([Batch(("y",), [["c"]], 1), C])
    assert joined["x"] == pytest.approx([math.nan, 4.0, math.nan], nan_ok=True)


def test_a_column_that_is_no_number_after_all_is_not_packed() -> None:
    block = join([A, B], frozenset({"x", "y"}))
    assert (block.numbers, block.others) == ((), {"x": [1.0, 2.0, 3.0], "y": ["a", None, "b"]})


def test_an_array_of_another_kind_of_column_becomes_a_list() -> None:
    assert join([A, Batch(("x", "y"), [[1.0], np.array([0.5])], 1)], NUMBERS).others["y"] == ["a", None, 0.5]


@given(st.lists(st.booleans(), min_size=1), st.booleans())
def test_rows_that_were_taken_apart_and_joined_are_the_same_rows(sides: list[bool], array: bool) -> None:
    column = [float(row) for row in range(len(sides))]
    whole = Batch(("x",), [np.array(column) if array else column], len(sides))
    left = [row for row, side in enumerate(sides) if side]
    right = [row for row, side in enumerate(sides) if not side]
    parts = [take(whole, rows) for rows in (left, right) if rows]
    assert sorted(rows(parts)["x"]) == column
