from datetime import timedelta

import pytest

from noria.project.pace import Pace, pace

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("span", "rows", "holdout", "ceiling"),
    [
        (365 * DAY, 327_000, "7d", "21d"),  # 365 / 48 = 7.6 days
        (365 * DAY, 10_000, "14d", "42d"),  # 400 of 10,000 rows take 14.6 days
        (365 * DAY, 2_000, "28d", "84d"),  # an 8th at most: 45.6 days
        (timedelta(hours=20), 100_000, "10m", "30m"),  # 20 / 48 hours are 25 minutes
        (timedelta(minutes=1), 100_000, "10m", "30m"),  # shorter than the shortest
    ],
)
def test_a_holdout_is_a_48th_of_the_span_and_has_enough_rows(
    span: timedelta, rows: int, holdout: str, ceiling: str
) -> None:
    assert pace(span, rows) == Pace(holdout=holdout, floor=holdout, ceiling=ceiling)


def test_rows_with_only_an_order_are_held_out_by_share() -> None:
    assert pace(None, 500) == Pace(holdout="20%", floor="7d", ceiling="21d")
