import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.profile.distinct import KEPT, distinct, smallest


def hashes(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


def test_few_rows_are_counted_exactly() -> None:
    assert distinct(smallest(np.concatenate([hashes(KEPT - 1), hashes(500)]))) == KEPT - 1
    assert distinct(smallest(hashes(0))) == 0


@pytest.mark.parametrize("count", [5_000, 1_000_000])
def test_many_are_known_to_three_per_cent(count: int) -> None:
    errors = [distinct(smallest(hashes(count, seed))) / count - 1 for seed in range(12)]
    assert np.sqrt(np.mean(np.square(errors))) < 0.05
    assert abs(np.mean(errors)) < 0.03


@given(st.lists(st.integers(0, 2**64 - 1), max_size=50), st.integers(0, 50))
def test_the_sketch_of_all_is_that_of_its_parts(values: list[int], cut: int) -> None:
    rows = np.array(values, np.uint64)
    parts = np.concatenate([smallest(rows[:cut]), smallest(rows[cut:])])
    assert smallest(parts).tolist() == smallest(rows).tolist()
