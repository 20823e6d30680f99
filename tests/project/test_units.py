from __future__ import annotations

from datetime import timedelta

import pytest

from noria.core.policy import Rate
from noria.project.units import (
    parse_duration,
    parse_rate,
    parse_share,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20ms", 0.02),
        ("0s", 0),
        ("1h30m", 5400),  # 3,600 + 30 * 60
        ("1.5h", 5400),
        ("7d", 604_800),  # 7 * 86,400
        ("1w", 604_800),
        ("2d3h4m5s6ms", 183_845.006),  # 172,800 + 10,800 + 240 + 5 + 0.006
    ],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "7", "7 d", "d", "-1d", "30m1h", "1d1d", "1y", "9" * 20 + "d", "1d\n"])
def test_what_is_no_duration_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="a duration such as"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "share"), [("5%", 0.05), ("0%", 0), ("100%", 1), ("0.5%", 0.005)])
def test_a_share_is_read(text: str, share: float) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["5", "101%", "-1%", "100.1%", "%", "5 %", "1e1%"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a share from"):
        parse_share(text)


@pytest.mark.parametrize(
    ("text", "count", "days"), [("4 per week", 4, 7), ("1 per month", 1, 30), ("25 per year", 25, 365)]
)
def test_a_rate_is_read(text: str, count: int, days: int) -> None:
    rate = Rate(count=count, period=timedelta(days=days))
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["4", "0 per week", "4 per fortnight", "4 a week", "-1 per day"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="per hour, day, week, month, year"):
        parse_rate(text)
