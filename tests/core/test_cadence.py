from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.cadence import Gain, interval, rate

DAY = timedelta(days=1)


def gain(share: float, days: float) -> Gain:
    return Gain(share=share, newer=days * DAY)


@pytest.mark.parametrize(
    ("past", "days"),
    [
        ([], 7),  # the floor
        # what was not newer says nothing: 14 days at .01 / 7, and sqrt(2 x .14 / (.01 / 7)) = 14
        ([gain(0.5, 0)], 14),
        # no gain in 42 days: .02 / 56 a day, sqrt(.28 x 56 / .02) = 28
        ([gain(0.0, 0), gain(0.0, 42)], 28),
        ([gain(0.0, 42)], 14),  # it doubles at most
        ([gain(-0.02, 42)] * 9, 56),  # no gain at all: the ceiling
        ([gain(0.30, 42)], 7),  # .32 in 56 days: sqrt(.28 x 56 / .32) = 7
        ([gain(3.0, 42)], 7),  # 2 days: the floor
    ],
)
def test_the_interval(past: list[Gain], days: float) -> None:
    assert interval(7 * DAY, 56 * DAY, past) / DAY == pytest.approx(days)


def test_the_rate_forgets() -> None:
    # six gains of .01 in 7 days count, with 14 days at .01 a week: (.06 + .02) / (42 + 14)
    assert rate([gain(0.9, 7), *[gain(0.01, 7)] * 6]) == pytest.approx(0.08 / 56)


GAINS = st.lists(st.builds(gain, st.floats(-1, 1), st.floats(0, 400)), max_size=12)


@given(past=GAINS, floor=st.floats(0.1, 30), times=st.floats(1, 20))
def test_it_stays_between_floor_and_ceiling(past: list[Gain], floor: float, times: float) -> None:
    found = interval(floor * DAY, floor * times * DAY, past)
    assert floor * DAY <= found <= floor * times * DAY
