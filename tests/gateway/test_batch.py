from hypothesis import given
from hypothesis import strategies as st

from noria.gateway.batch import Batch, join, take

A = Batch(("x", "y"), [[1.0, 2.0], ["a", None]], 2)
B = Batch(("x", "y"), [[3.0], ["b"]], 1)


def test_joined_batches_keep_their_order() -> None:
    assert join([A, B]) == {"x": [1.0, 2.0, 3.0], "y": ["a", None, "b"]}


def test_a_column_that_one_batch_lacks_is_missing_there() -> None:
    only_x = Batch(("x",), [[4.0]], 1)
    assert join([A, only_x]) == {"x": [1.0, 2.0, 4.0], "y": ["a", None, None]}


@given(st.lists(st.booleans(), min_size=1))
def test_rows_that_were_taken_apart_and_joined_are_the_same_rows(sides: list[bool]) -> None:
    whole = Batch(("x",), [[float(row) for row in range(len(sides))]], len(sides))
    left = [row for row, side in enumerate(sides) if side]
    right = [row for row, side in enumerate(sides) if not side]
    parts = [take(whole, rows) for rows in (left, right) if rows]
    assert sorted(join(parts)["x"]) == whole.columns[0]
