from __future__ import annotations

import math
from datetime import date

import polars as pl
import pytest

from noria.errors import DataError
from noria.scoring import rows
from noria.scoring.rows import Rows

FEATURES = [{"name": "hour", "kind": "number"}, {"name": "carrier", "kind": "category"}]


def write(path, text):
    path.write_text(text)
    return path


def read(file):
    """Return the columns of all chunks, joined; a missing number as None."""
    read = Rows(file, ["hour", "carrier"])
    parts = [read.columns(before, chunk, FEATURES) for before, chunk in read.chunks()]
    assert read.count == sum(len(part["hour"]) for part in parts)
    hours = [None if math.isnan(value) else value for part in parts for value in part["hour"]]
    return hours, [value for part in parts for value in part["carrier"]]


def test_texts_become_numbers_and_categories(tmp_path):
    text = "carrier,hour,more\nUA,6,a\nNA,,b\n,NaN,c\n7,6.5e1,d\ntrue,true,e\n"
    expected = ([6, None, None, 65, 1], ["UA", "NA", None, "7", "true"])
    assert read(write(tmp_path / "a.csv", text)) == expected


def test_a_decimal_comma_goes_with_a_semicolon(tmp_path):
    assert read(write(tmp_path / "a.csv", "hour;carrier\n6,5;UA\n7;AA\n")) == ([6.5, 7], ["UA", "AA"])


def test_a_parquet_file_keeps_its_types(tmp_path):
    frame = pl.DataFrame({"hour": [True, None], "carrier": [7, None]})
    frame.write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == ([1, None], ["7", None])


def test_the_rows_of_a_delta_table_are_read(tmp_path):
    pl.DataFrame({"hour": [1.5], "carrier": ["UA"]}).write_delta(str(tmp_path / "table"))
    assert read(tmp_path / "table") == ([1.5], ["UA"])


def test_chunks_keep_the_order_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "CHUNK", 10)
    pl.DataFrame({"hour": range(95), "carrier": ["UA"] * 95}).write_parquet(tmp_path / "a.parquet")
    many = Rows(tmp_path / "a.parquet", ["hour", "carrier"])
    assert max(chunk.height for _, chunk in many.chunks()) < 95
    assert read(tmp_path / "a.parquet")[0] == list(range(95))


@pytest.mark.parametrize(
    ("hours", "carriers", "message"),
    [
        (["6", "noon"], ["UA", "UA"], "'hour': row 2 has 'noon', and it is a number"),
        ([date(2013, 1, 1)], ["UA"], r"'hour': row 1 has datetime\.date\(2013, 1, 1\), and it is a number"),
        ([None, 1.0], [None, ["UA"]], r"'carrier': row 2 has \['UA'\], and it is a category"),
        ([], [], "has no rows"),
    ],
)
def test_a_wrong_value_is_named_with_its_row(tmp_path, hours, carriers, message):
    pl.DataFrame({"hour": hours, "carrier": carriers}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a.parquet")


def test_rows_are_counted_over_all_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "CHUNK", 10)
    hours = ["1"] * 77 + ["noon"]
    pl.DataFrame({"hour": hours, "carrier": ["UA"] * 78}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="row 78 has 'noon'"):
        read(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "hour\n1\n", "'carrier': the column is missing; the file has hour"),
        ("a.parquet", "no parquet", "cannot be read"),
        ("a.txt", "hour\n1\n", "a source is"),
        ("a.csv", "hour,carrier\n1,a,b\n", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, text, message):
    with pytest.raises(DataError, match=message):
        read(write(tmp_path / name, text))
