"""Durations, shares and rates as people write them: "1h30m", "5%", "4 per week".

Each has its pattern (shared with the JSON Schema), a sentence that says what is allowed, and a parser that
raises ValueError with that sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from noria.core.policy import Rate

DECIMAL = r"[0-9]+(?:\.[0-9]+)?"
_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_MOMENTS = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1)}
_PERIODS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}

DURATION = "(?=[0-9])" + "".join(f"(?:({DECIMAL}){unit})?" for unit in _UNITS)
DURATION_ALLOWED = 'a duration such as "20ms", "1h30m" or "7d" (units w d h m s ms, longest first)'
SHARE = r"(100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]+)?)%"
SHARE_ALLOWED = 'a share from "0%" to "100%"'
RATE = f"([1-9][0-9]*) per ({'|'.join(_PERIODS)})"
RATE_ALLOWED = f'a rate such as "4 per week" (per {", ".join(_PERIODS)})'
REQUEST_RATE = f"([1-9][0-9]*) per ({'|'.join(_MOMENTS)})"
REQUEST_RATE_ALLOWED = f'a rate of requests such as "100 per second" (per {", ".join(_MOMENTS)})'


def parse_duration(text: str) -> timedelta:
    """Return "1h30m" as a timedelta.

    Raises:
        ValueError: it is no duration, or longer than a timedelta can be (about 2.7 million years).
    """
    match = re.fullmatch(DURATION, text)
    if match is None:
        raise ValueError(DURATION_ALLOWED)
    pairs = zip(match.groups(), _UNITS.values(), strict=True)
    try:
        return sum((float(count) * unit for count, unit in pairs if count), timedelta())
    except OverflowError:
        raise ValueError(DURATION_ALLOWED) from None


def parse_share(text: str) -> float:
    """Return "5%" as 0.05.

    Raises:
        ValueError: it is no share from 0% to 100%.
    """
    match = re.fullmatch(SHARE, text)
    if match is None:
        raise ValueError(SHARE_ALLOWED)
    return float(match[1]) / 100


def parse_rate(text: str) -> Rate:
    """Return "4 per week" as a rate; a month has 30 days, a year 365.

    Raises:
        ValueError: it is no rate.
    """
    return _rate(text, RATE, _PERIODS, RATE_ALLOWED)


def parse_request_rate(text: str) -> Rate:
    """Return "100 per second" as a rate.

    Raises:
        ValueError: it is no rate of requests.
    """
    return _rate(text, REQUEST_RATE, _MOMENTS, REQUEST_RATE_ALLOWED)


def _rate(text: str, pattern: str, periods: Mapping[str, timedelta], allowed: str) -> Rate:
    match = re.fullmatch(pattern, text)
    if match is None:
        raise ValueError(allowed)
    return Rate(count=int(match[1]), period=periods[match[2]])
