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
        # what was not newer says nothing: 1% in a unit of 7 days, and sqrt(2 x .017 / .01) = 1.844 units
        ([gain(0.5, 0)], 7 * 1.844),
        # no gain in 6 units beside the prior's 2: .02 / 8 a unit, sqrt(.034 x 8 / .02) = 3.688 units
        ([gain(0.0, 0), gain(0.0, 42)], 7 * 3.688),
        ([gain(0.0, 42)], 14),  # it doubles at most
        ([gain(-0.02, 42)] * 9, 56),  # no gain at all: the ceiling
        ([gain(0.252, 42)], 7),  # .272 in 8 units: sqrt(.034 x 8 / .272) = 1 unit
        ([gain(3.0, 42)], 7),  # .3 units: the floor
    ],
)
def test_the_interval(past: list[Gain], days: float) -> None:
    assert interval(7 * DAY, 56 * DAY, past) / DAY == pytest.approx(days, rel=1e-3)


def test_the_rate_forgets() -> None:
    # six gains of .02 in a unit of 7 days count, beside two units at .01: (.12 + .02) / (6 + 2)
    assert rate([gain(0.9, 7), *[gain(0.02, 7)] * 6], 7 * DAY) == pytest.approx(0.14 / 8)


GAINS = st.lists(st.builds(gain, st.floats(-1, 1), st.floats(0, 400)), max_size=12)


@given(past=GAINS, floor=st.floats(0.1, 30), times=st.floats(1, 20))
def test_it_stays_between_floor_and_ceiling(past: list[Gain], floor: float, times: float) -> None:
    found = interval(floor * DAY, floor * times * DAY, past)
    assert floor * DAY <= found <= floor * times * DAY
