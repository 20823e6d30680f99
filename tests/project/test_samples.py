from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from noria.errors import DataError
from noria.project import samples


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame({"a": [1, 2], "b": ["x", None]})


def test_files_of_each_kind_read_as_one_table(tmp_path: Path, frame: pl.DataFrame) -> None:
    frame.write_csv(tmp_path / "1.csv")
    frame.write_csv(tmp_path / "2.csv")
    frame.write_parquet(tmp_path / "1.parquet")
    frame.write_delta(tmp_path / "lake")
    assert samples.read(samples.matching(tmp_path, ["*.csv"])).equals(pl.concat([frame, frame]))
    assert samples.read(samples.matching(tmp_path, ["*.parquet"])).equals(frame)
    assert samples.read(samples.matching(tmp_path, ["lake"])).equals(frame)


def test_an_absolute_pattern_and_a_twice_matched_file_count_once(tmp_path: Path, frame: pl.DataFrame) -> None:
    frame.write_csv(tmp_path / "1.csv")
    assert samples.matching(Path("/"), [str(tmp_path / "*.csv"), f"{tmp_path}/1.csv"]) == [tmp_path / "1.csv"]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("*.nothing", r"no file matches \*\.nothing"),
        ("*.txt", r"found \.txt; allowed"),
        ("*", r"found \.csv, \.txt; allowed"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, frame: pl.DataFrame, pattern: str, said: str) -> None:
    frame.write_csv(tmp_path / "1.csv")
    (tmp_path / "2.txt").write_text("x")
    with pytest.raises(DataError, match=said):
        samples.matching(tmp_path, [pattern])


@pytest.mark.parametrize("content", [b"", b"c,d\n1,2\n", b"\xff\xfe\x00"])
def test_files_that_make_no_table_are_refused(tmp_path: Path, frame: pl.DataFrame, content: bytes) -> None:
    frame.write_csv(tmp_path / "1.csv")
    (tmp_path / "2.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"1\.csv, 2\.csv cannot be read as one table"):
        samples.read(samples.matching(tmp_path, ["*.csv"]))


def test_a_copy_is_found_by_its_pattern(tmp_path: Path, frame: pl.DataFrame) -> None:
    frame.write_csv(tmp_path / "1.csv")
    (tmp_path / "project/data").mkdir(parents=True)
    assert samples.copy([tmp_path / "1.csv"], tmp_path / "project/data") == "data/*.csv"
    assert samples.matching(tmp_path / "project", ["data/*.csv"]) == [tmp_path / "project/data/1.csv"]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1", "NA", "3"], [1, None, 3]),
        (["1.5", "nan", ""], [1.5, None, None]),
        (["NA", "N/A", "null"], ["NA", "N/A", "null"]),  # no number at all: they may be names
        (["1", "two", "NA"], ["1", "two", "NA"]),
    ],
)
def test_texts_for_no_value_leave_a_column_of_numbers_one(
    tmp_path: Path, texts: list[str], values: list[object]
) -> None:
    (tmp_path / "1.csv").write_text("a,b\n" + "".join(f"{text},x\n" for text in texts))
    assert samples.read([tmp_path / "1.csv"])["a"].to_list() == values


def test_a_packed_csv_is_read(tmp_path: Path) -> None:
    (tmp_path / "1.csv.gz").write_bytes(gzip.compress(b"a\n1\n"))
    assert samples.read(samples.matching(tmp_path, ["*.gz"]))["a"].to_list() == [1]


SEPARATED = [
    ("größe;ort\n1,5;Köln, Mitte\n-0,25;Ulm\n", [1.5, -0.25]),  # as a spreadsheet exports it in Germany
    ("größe\tort\n1.5\tKöln\n-0.25\tUlm\n", [1.5, -0.25]),
]


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize(("text", "values"), SEPARATED)
def test_columns_may_be_parted_by_a_semicolon_or_a_tab(
    tmp_path: Path, text: str, values: list[float], mark: str
) -> None:
    (tmp_path / "1.csv").write_text(mark + text, encoding="utf-8")
    assert samples.read([tmp_path / "1.csv"])["größe"].to_list() == values
