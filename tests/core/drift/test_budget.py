from datetime import timedelta

import pytest

from noria.core.drift.budget import covered, daily
from noria.core.policy import Rate

WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("rate", "monitors", "expected"),
    [
        (Rate(count=1, period=WEEK), 1, 1 / 7),
        (Rate(count=2, period=WEEK), 4, 1 / 14),
        (Rate(count=50, period=WEEK), 1, 1.0),  # more alarms than days: any day may be one
    ],
)
def test_what_a_day_may_spend(rate: Rate, monitors: int, expected: float) -> None:
    assert daily(rate, monitors) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("p", "again", "alarm"),
    [
        (0.009, True, True),
        (0.009, False, False),  # a first day has to be as rare as two days of .01
        (0.00009, False, True),
        (0.011, True, False),
    ],
)
def test_one_bad_day_is_no_alarm_unless_it_is_as_rare_as_two(p: float, again: bool, alarm: bool) -> None:
    assert covered(p, 0.01, again) is alarm
