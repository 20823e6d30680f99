import doctest

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from noria.core import shapley as module
from noria.core.shapley import shapley

numbers = st.floats(-10, 10)


@given(arrays(float, 4, elements=numbers), arrays(float, (5, 4), elements=numbers), st.integers(0, 9))
def test_base_and_parts_add_up_whatever_is_drawn(row: np.ndarray, rows: np.ndarray, seed: int) -> None:
    def answers(known: np.ndarray, place: np.ndarray) -> np.ndarray:
        x = np.where(known, row, rows[place])
        return np.stack([x[:, 0] * x[:, 1] + x[:, 2], np.sin(x[:, 3])], axis=1)

    parts, base = shapley(answers, 4, 5, seed)
    whole = answers(np.ones((1, 4), bool), np.zeros(1, int))[0]
    np.testing.assert_allclose(base + parts.sum(axis=1), whole, atol=1e-9)
    np.testing.assert_allclose(parts[0, 3], 0, atol=1e-9)  # it has no part in the first output
    np.testing.assert_allclose(parts[1, :3], 0, atol=1e-9)


def test_two_that_act_together_share_alike() -> None:
    def answers(known: np.ndarray, place: np.ndarray) -> np.ndarray:
        return (known[:, 0] & known[:, 1]).astype(float)[:, None]

    parts, base = shapley(answers, 3, 50)
    assert base.tolist() == [0.0]
    np.testing.assert_allclose(parts, [[0.5, 0.5, 0.0]], atol=1e-9)  # exactly, with antithetic orders


def test_its_example() -> None:
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0
