from datetime import timedelta

import pytest

from noria.core.drift.budget import daily
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
