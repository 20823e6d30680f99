from datetime import timedelta

import pytest

from noria.project.pace import Pace, pace

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("span", "rows", "holdout", "floor", "ceiling", "enough"),
    [
        (365 * DAY, 327_000, "7d", "7d", "21d", 500),  # 365 / 48 = 7.6 days
        (365 * DAY, 10_000, "14d", "7d", "21d", 95),  # 400 of 10,000 rows take 14.6 days; 192 come in a week
        (365 * DAY, 2_000, "28d", "7d", "21d", 19),  # an 8th at most: 45.6 days
        (365 * DAY, 500, "28d", "14d", "42d", 10),  # 20 of 500 rows take 14.6 days
        (timedelta(hours=20), 100_000, "10m", "10m", "30m", 416),  # 20 / 48 hours are 25 minutes
        (timedelta(minutes=1), 100_000, "10m", "10m", "30m", 500),  # shorter than the shortest
    ],
)
def test_lengths_are_a_48th_of_the_span_and_have_enough_rows(
    span: timedelta, rows: int, holdout: str, floor: str, ceiling: str, enough: int
) -> None:
    assert pace(span, rows) == Pace(holdout=holdout, floor=floor, ceiling=ceiling, enough_rows=enough)


def test_rows_with_only_an_order_are_held_out_by_share() -> None:
    assert pace(None, 5200) == Pace(holdout="20%", floor="7d", ceiling="21d", enough_rows=50)  # a week of 52
