from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.cadence import Gain, interval, rate

DAY = timedelta(days=1)


def gain(share: float, days: float, *, passed: bool = True) -> Gain:
    return Gain(share=share, newer=days * DAY, passed=passed)


@pytest.mark.parametrize(
    ("past", "days"),
    [
        ([], 7),  # the floor
        ([gain(0.0, 7, passed=False)], 14),
        ([gain(0.0, 7, passed=False)] * 2, 28),
        ([gain(0.0, 7, passed=False)] * 9, 56),  # the ceiling
        ([gain(0.02, 26)], 20),  # .02 in 26 + 14 days: .0005 a day; .01 / .0005
        ([gain(0.02, 26), gain(0.0, 26, passed=False)], 40),  # twice 20
        ([gain(0.10, 26)], 7),  # 4 days: the floor
        ([gain(-0.01, 26)], 56),  # it passed and lost: no rate
        ([gain(0.02, 26), gain(0.5, 0)], 20),  # what was not newer says nothing of the rate
    ],
)
def test_the_interval(past: list[Gain], days: float) -> None:
    assert interval(7 * DAY, 56 * DAY, past) / DAY == pytest.approx(days)


def test_the_rate_forgets() -> None:
    # six gains of .01 in 7 days count, with 14 days more: .06 / (42 + 14)
    assert rate([gain(0.9, 7), *[gain(0.01, 7)] * 6]) == pytest.approx(0.06 / 56)


GAINS = st.lists(st.builds(gain, st.floats(-1, 1), st.floats(0, 400), passed=st.booleans()), max_size=12)


@given(past=GAINS, floor=st.floats(0.1, 30), times=st.floats(1, 20))
def test_it_stays_between_floor_and_ceiling(past: list[Gain], floor: float, times: float) -> None:
    found = interval(floor * DAY, floor * times * DAY, past)
    assert floor * DAY <= found <= floor * times * DAY
