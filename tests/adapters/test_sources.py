import polars as pl
import pytest
from deltalake import write_deltalake

from noria.adapters import sources
from noria.errors import DataError

TABLE = pl.DataFrame({"id": ["a", "b"], "wind": [1.5, None]})


def test_csv_parquet_and_delta_are_read_into_one_frame(tmp_path):
    TABLE.write_csv(tmp_path / "one.csv")
    TABLE.write_parquet(tmp_path / "two.parquet")
    write_deltalake(tmp_path / "three", TABLE)
    paths = sources.files(tmp_path, ["*"])
    assert [path.name for path in paths] == ["one.csv", "three", "two.parquet"]
    frame = sources.read(paths, ["wind", "id"])
    assert frame["id"].to_list() == ["a", "b"] * 3
    assert frame["wind"].to_list() == ["1.5", None] * 3


def test_integers_in_one_file_and_floats_in_another_are_numbers(tmp_path):
    pl.DataFrame({"wind": [1]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"wind": [0.5]}).write_parquet(tmp_path / "b.parquet")
    assert sources.read(sources.files(tmp_path, ["*"]), ["wind"])["wind"].to_list() == [1.0, 0.5]


def test_a_decimal_comma_is_read_where_semicolons_part_the_columns(tmp_path):
    (tmp_path / "1.csv").write_text("\ufeffid;wind;ort\na;1,5;Bonn, West\nb;-,25;1,2,3\n", encoding="utf-8")
    frame = sources.read([tmp_path / "1.csv"], ["id", "wind", "ort"])
    assert frame["wind"].to_list() == ["1.5", "-.25"]
    assert frame["ort"].to_list() == ["Bonn, West", "1,2,3"]


FAULTS = [
    ("empty.csv", b"id,wind\n", ["id"], "no rows"),
    ("short.csv", b"id,wnd\na,1\n", ["id", "wind"], "has no column wind; the nearest: wnd"),
    ("broken.parquet", b"PAR1 this is none", ["id"], "cannot be read"),
    ("notes.txt", b"id\na\n", ["id"], "a source is .csv"),
    ("nothing.csv", b"", ["id"], "cannot be read"),
]


@pytest.mark.parametrize(("name", "content", "columns", "said"), FAULTS)
def test_a_source_that_cannot_be_used_is_named(tmp_path, name, content, columns, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said):
        sources.read(sources.files(tmp_path, ["*"]), columns)


def test_a_glob_without_a_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no file matches data/\*\.csv"):
        sources.files(tmp_path, ["data/*.csv"])


def test_a_fingerprint_changes_with_the_content_only(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("id\na\n")
    first = sources.fingerprint(file, None)
    assert sources.fingerprint(file, first) == first
    file.write_text("id\nb\n")
    assert sources.fingerprint(file, first)[2] != first[2]
