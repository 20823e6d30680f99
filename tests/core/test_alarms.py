from datetime import timedelta

import pytest

from noria.core.alarms import Alarms
from noria.core.policy import Rate

MONTHLY = Rate(count=1, period=timedelta(days=30))


@pytest.mark.parametrize(
    ("false", "days", "expected", "over"),
    [
        (0, 60, 2.0, False),
        # Poisson of mean 2: five or more come with 5.3%, six or more with 1.7%
        (5, 60, 2.0, False),
        (6, 60, 2.0, True),
        (1, 1, 1 / 30, True),  # 1 - exp(-1/30) = 3.3%
        (0, 0, 0.0, False),
    ],
)
def test_more_than_chance(false: int, days: int, expected: float, over: bool) -> None:
    seen = Alarms(false=false, days=days, declared=MONTHLY)
    assert seen.expected == pytest.approx(expected)
    assert seen.over == over


def test_the_realised_rate_stands_beside_the_declared_one() -> None:
    said = str(Alarms(false=3, days=60, declared=MONTHLY))  # 3 in 60 days are 1.5 in 30
    assert (
        said
        == "3 without a confirmed cause in 60 days watched, 1.5 in 30 days; declared: at most 1 in 30 days"
    )
    assert str(Alarms(false=9, days=60, declared=MONTHLY)).endswith(": more than chance brings")
