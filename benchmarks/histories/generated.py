"""Streams made from a seed, of which it is known when and how they change.

The days of a stream differ by chance, as weather does: rows of one day are not independent.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from benchmarks.histories.history import History, Nature

ROWS, DAYS = 20_000, 364
START = datetime(2024, 1, 1, tzinfo=UTC)
Numbers = NDArray[np.float64]


def stationary() -> History:
    """Two classes that categories and numbers, some of them missing, tell apart: always in the same way."""
    rng = default_rng(1)
    day = _days(rng)
    income, debt, age = rng.normal(size=(3, ROWS))
    region = rng.integers(0, 6, ROWS)
    score = income - 0.8 * debt * (region < 3) + 0.5 * np.abs(age) + 0.3 * _by_day(rng, day)
    frame = _frame(
        day,
        income=_missing(rng, income),
        debt=debt,
        age=age,
        region=np.array(["north", "east", "south", "west", "coast", "hills"])[region],
        defaults=_drawn(rng, score - 1.0),
    )
    return History(
        frame=frame,
        nature=Nature.STILL,
        source="Generated: one logistic rule for a whole year.",
        after=0.5,
        time="time",
        label="defaults",
        label_delay="2d",
    )


def abrupt() -> History:
    """Three numbers, of which two tell the class; where the classes part jumps after each quarter."""
    rng = default_rng(2)
    day = _days(rng)
    limit = np.array([8.0, 9.0, 7.0, 9.5])[(day * 4 // DAYS).astype(int)]
    return History(
        frame=_sea(rng, day, limit),
        nature=Nature.ABRUPT,
        source="Generated: the SEA concepts (Street and Kim 2001), a tenth of the labels wrong.",
        time="time",
        label="positive",
        label_delay="1d",
    )


def recurring() -> History:
    """As `abrupt`, with two rules that take turns every six weeks."""
    rng = default_rng(3)
    day = _days(rng)
    limit = np.where(day // 42 % 2 == 0, 7.0, 12.0)
    return History(
        frame=_sea(rng, day, limit),
        nature=Nature.RECURRING,
        source="Generated: two SEA concepts in turns of six weeks, a tenth of the labels wrong.",
        time="time",
        label="positive",
        label_delay="1d",
    )


def gradual() -> History:
    """Ten numbers and three classes, which part along a plane that turns by two right angles in the year."""
    rng = default_rng(4)
    day = _days(rng)
    numbers = rng.normal(size=(10, ROWS))
    angle = np.pi * day / DAYS
    height = (
        np.cos(angle) * (numbers[0] + numbers[1])
        + np.sin(angle) * (numbers[2] + numbers[3])
        + 0.5 * numbers[4]
        + rng.normal(scale=0.5, size=ROWS)
    )
    grade = np.array(["low", "middle", "high"])[np.digitize(height, (-0.7, 0.7))]
    return History(
        frame=_frame(day, **{f"x{number}": values for number, values in enumerate(numbers)}, grade=grade),
        nature=Nature.GRADUAL,
        source="Generated: a rotating hyperplane (Hulten, Spencer and Domingos 2001), three classes.",
        time="time",
        label="grade",
    )


def demand() -> History:
    """What sixty shops sell each day: three times as much at the end; a new region opens in the middle."""
    rng = default_rng(5)
    regions = np.repeat(["north", "east", "south"], 20)
    size = rng.lognormal(sigma=0.4, size=60)
    shop, day = (index.ravel() for index in np.meshgrid(np.arange(60), np.arange(DAYS)))
    offer = rng.random(len(day)) < 0.2
    level = 3.0 ** (day / DAYS) * (1.0 + 0.3 * (day % 7 >= 5)) * (1.0 + 0.4 * offer)
    sold = 100 * size[shop] * level * np.exp(0.05 * _by_day(rng, day) + rng.normal(scale=0.1, size=len(day)))
    frame = pl.DataFrame(
        {
            "date": [date(2024, 1, 1) + timedelta(days=int(days)) for days in day],
            "shop": [f"shop-{number}" for number in shop],
            "region": regions[shop],
            "size": _missing(rng, size[shop]),
            "weekday": day % 7,
            "offer": offer,
            "sold": sold.round(),
        }
    )
    open_then = (regions[shop] != "south") | (day >= DAYS // 2)
    return History(
        frame=frame.filter(open_then),
        nature=Nature.GROWTH,
        source="Generated: sales per shop and day that grow to three times the level; dates as time.",
        time="date",
        entity="shop",
        label="sold",
        label_delay="1d",
    )


def cancellations() -> History:
    """Bookings: that one is cancelled is known after a day, that one is kept after a week, some never."""
    rng = default_rng(6)
    day = _days(rng)
    ahead, price = rng.exponential(30, ROWS), rng.normal(100, 25, ROWS)
    channel = rng.integers(0, 4, ROWS)
    shift = np.array([0.0, 0.5, -0.5, 1.0])[channel] * (1.0 - 2.0 * day / DAYS)
    score = 0.03 * (ahead - 30) + 0.02 * (price - 100) + 2.0 * shift + 0.3 * _by_day(rng, day)
    cancelled = _drawn(rng, score - 0.8)
    wait = rng.exponential(np.where(cancelled == 1, 1.0, 7.0))
    lost = rng.random(ROWS) < 0.03
    frame = _frame(
        day,
        booking=np.array([f"b{number:05}" for number in range(ROWS)]),
        ahead=ahead.round(),
        price=_missing(rng, price),
        channel=np.array(["web", "agency", "phone", "partner"])[channel],
        cancelled=cancelled,
        known_at=_moments(day + wait),
    )
    told = [pl.when(~pl.Series(lost)).then(name).alias(name) for name in ("cancelled", "known_at")]
    return History(
        frame=frame.with_columns(told),
        nature=Nature.DELAYED,
        source="Generated: cancellations are known after a day on average, kept bookings after a week.",
        after=0.25,
        time="time",
        entity="booking",
        label="cancelled",
        label_time="known_at",
        label_delay="21d",
    )


HISTORIES = (stationary, abrupt, recurring, gradual, demand, cancellations)


def _days(rng: Generator) -> Numbers:
    """When each row came, in days since the start."""
    return np.sort(rng.uniform(0, DAYS, ROWS))


def _by_day(rng: Generator, day: NDArray[np.generic]) -> Numbers:
    """One standard normal number for each day, at each of its rows."""
    return rng.normal(size=DAYS)[day.astype(int)]


def _drawn(rng: Generator, score: Numbers) -> NDArray[np.int64]:
    """Zero or one, with the log-odds `score`."""
    return (rng.random(len(score)) < 1 / (1 + np.exp(-score))).astype(np.int64)


def _missing(rng: Generator, values: Numbers) -> pl.Series:
    """`values` without one in twenty."""
    return pl.Series(np.where(rng.random(len(values)) < 0.05, np.nan, values), nan_to_null=True)


def _sea(rng: Generator, day: Numbers, limit: Numbers) -> pl.DataFrame:
    first, second, third = rng.uniform(0, 10, (3, ROWS))
    wrong = rng.random(ROWS) < 0.1
    return _frame(day, a=first, b=second, c=third, positive=((first + second <= limit) ^ wrong).astype(int))


def _frame(day: Numbers, **columns: NDArray[np.generic] | pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"time": _moments(day), **columns})


def _moments(day: Numbers) -> pl.Series:
    since = pl.Series((day * 86_400e6).astype(np.int64)).cast(pl.Duration("us"))
    return pl.select(pl.lit(START) + since).to_series()
