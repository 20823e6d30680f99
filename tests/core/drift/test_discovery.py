import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noria.core.drift.discovery import adjusted, discovered

probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=30).map(np.array)


def test_the_columns_that_are_found() -> None:
    # sorted .001 .012 .03 .2 against .0125 .025 .0375 .05: three are below
    assert discovered(np.array([0.03, 0.2, 0.001, 0.012])).tolist() == [True, False, True, True]


def test_one_of_many_has_to_be_rarer_than_one_alone() -> None:
    assert discovered(np.array([0.04])).any()
    assert not discovered(np.array([0.04, *[0.5] * 9])).any()


@settings(deadline=None)
@given(probabilities, st.floats(0.001, 0.5))
def test_what_is_found_is_the_step_up_rule(p: np.ndarray, share: float) -> None:
    ranked = np.sort(p)
    below = np.flatnonzero(ranked <= share * np.arange(1, len(p) + 1) / len(p))
    expected = p <= ranked[below[-1]] if len(below) else np.zeros(len(p), bool)
    close = np.abs(adjusted(p) - share) < 1e-12  # rounding decides on the very edge
    assert (discovered(p, share) == expected)[~close].all()


def test_where_nothing_drifts_anything_is_found_as_rarely_as_declared() -> None:
    dice = np.random.default_rng(0)
    found = [discovered(dice.random(20)).any() for _ in range(4_000)]
    assert np.mean(found) == pytest.approx(0.05, abs=0.011)  # .05 and three standard errors
