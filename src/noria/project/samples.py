"""The files that a project's examples lie in, found, copied and read as one table."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

from noria.errors import DataError

if TYPE_CHECKING:
    import polars as pl

SUFFIXES = (".csv", ".gz", ".parquet", "")
"""CSV files, packed ones, Parquet files, and the directories of Delta tables."""
NO_VALUE = ("", "NA", "N/A", "NaN", "nan", "null", "None")
"""The texts that mean "no value" in a CSV column of numbers."""


def matching(root: Path, patterns: Sequence[str]) -> list[Path]:
    """Return the files that match any of `patterns`, which are relative to `root`, or absolute.

    Raises:
        DataError: none matches, or they are not all of one kind that can be read.
    """
    files = sorted({Path(found) for pattern in patterns for found in glob(str(root / pattern))})  # noqa: PTH207 - a pattern may be absolute
    if not files:
        raise DataError(f"no file matches {', '.join(patterns)}", hint="ls")
    suffixes = sorted({file.suffix for file in files})
    if len(suffixes) > 1 or suffixes[0] not in SUFFIXES:
        found = ", ".join(suffix or "a directory" for suffix in suffixes)
        raise DataError(
            f"{', '.join(patterns)}: found {found}; allowed: all .csv, all .parquet, or Delta tables"
        )
    return files


def copy(files: Sequence[Path], folder: Path) -> str:
    """Copy files into `folder`, and return the pattern, below its parent, of them and of files like them."""
    for file in files:
        (shutil.copytree if file.is_dir() else shutil.copy2)(file, folder / file.name)
    return f"{folder.name}/*{files[0].suffix}"


def read(files: Sequence[Path]) -> pl.DataFrame:
    """Return the rows of all files as one table.

    Raises:
        DataError: a file cannot be read, or has other columns than the first.
    """
    import polars as pl

    try:
        return pl.concat([_read(file) for file in files], how="vertical_relaxed")
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        names = ", ".join(file.name for file in files)
        raise DataError(f"{names} cannot be read as one table: {error}", hint="noria init --help") from None


def separator(file: Path) -> str:
    """Return what parts the columns of a CSV file: what its first line has most of, `,`, `;` or a tab.

    Where it is `;`, numbers are written with a decimal comma, as spreadsheets do in much of Europe.
    """
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rb") as lines:
        head = lines.readline()
    return max(",;\t", key=lambda mark: head.count(mark.encode()))


def _read(file: Path) -> pl.DataFrame:
    import polars as pl

    if file.is_dir():
        return pl.read_delta(str(file))
    if file.suffix == ".parquet":
        return pl.read_parquet(file)
    mark = separator(file)
    frame = pl.read_csv(
        file, separator=mark, decimal_comma=mark == ";", infer_schema_length=None, try_parse_dates=True
    )
    return frame.with_columns(_numbers(series) for series in frame if series.dtype == pl.String)


def _numbers(texts: pl.Series) -> pl.Series:
    """Return a column of numbers and of NO_VALUE as numbers, and any other as it is."""
    import polars as pl

    present = texts.drop_nulls()
    present = present.filter(~present.is_in(NO_VALUE))
    if present.is_empty() or present.cast(pl.Float64, strict=False).null_count():
        return texts
    numbers = texts.cast(pl.Float64, strict=False).fill_nan(None)
    whole = numbers.cast(pl.Int64, strict=False)
    return whole if whole.cast(pl.Float64).equals(numbers) else numbers
