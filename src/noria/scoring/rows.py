"""The rows of a file, chunk by chunk, as a model takes them; what is wrong with them is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from noria.adapters.contract import MISSING, TRUTH
from noria.adapters.sources import scan
from noria.errors import DataError

CHUNK = 2**16
_TRUTH = {text: float(value) for text, value in TRUTH.items()}


class Rows:
    """The `count` rows of a CSV or Parquet file or a Delta table, with some of its columns."""

    def __init__(self, file: Path, columns: Sequence[str]) -> None:
        """Look at the file.

        Raises:
            DataError: it cannot be read, lacks one of the columns, or has no rows.
        """
        self._file = file
        try:
            everything = scan(file)
            found = everything.collect_schema().names()
            missing = [name for name in columns if name not in found]
            if missing:
                raise self._fault(f"{missing[0]!r}: the column is missing; the file has {', '.join(found)}")
            self._rows = everything.select(list(dict.fromkeys(columns)))
            self.count = int(self._rows.select(pl.len()).collect().item())
        except (PolarsError, OSError) as error:
            raise self._fault(f"cannot be read: {error}") from error
        if self.count == 0:
            raise self._fault("has no rows")

    def chunks(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield how many rows came before, and the next ones, about CHUNK, in the order of the file."""
        before = 0
        try:
            for rows in self._rows.collect_batches(chunk_size=CHUNK):
                yield before, rows
                before += rows.height
        except PolarsError as error:
            raise self._fault(f"cannot be read: {error}") from error

    def columns(
        self, before: int, rows: pl.DataFrame, features: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Return the features of a chunk: numbers as float64 with NaN, categories as strings or None.

        Raises:
            DataError: a value cannot be what its feature is; the message has its row, the first one being 1.
        """
        columns: dict[str, Any] = {}
        for feature in features:
            values = rows[feature["name"]]
            number = feature["kind"] == "number"
            typed = _numbers(values) if number else _categories(values)
            lost = typed.is_null() & values.is_not_null() & ~_blank(values, number)
            if lost.any():
                row = int(lost.arg_max() or 0)
                found, noun = values.slice(row, 1).to_list()[0], "number" if number else "category: a string"
                raise self._fault(
                    f"{values.name!r}: row {before + row + 1} has {found!r}, and it is a {noun}"
                )
            columns[values.name] = typed.fill_null(float("nan")).to_numpy() if number else typed.to_list()
        return columns

    def _fault(self, what: str) -> DataError:
        return DataError(f"{self._file}: {what}", hint="noria predict --help")


def _numbers(values: pl.Series) -> pl.Series:
    """Return float64; null where there is none."""
    if values.dtype == pl.String:
        number = pl.col("text").cast(pl.Float64, strict=False)
        truth = (
            pl.col("text").str.to_lowercase().replace_strict(_TRUTH, default=None, return_dtype=pl.Float64)
        )
        return values.alias("text").to_frame().select(pl.coalesce(number, truth)).to_series()
    plain = values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null)
    return values.cast(pl.Float64) if plain else pl.repeat(None, len(values), dtype=pl.Float64, eager=True)


def _categories(values: pl.Series) -> pl.Series:
    """Return strings; null where there is none."""
    if values.dtype.is_nested():
        return pl.repeat(None, len(values), dtype=pl.String, eager=True)
    return values.cast(pl.String).replace("", None)


def _blank(values: pl.Series, number: bool) -> pl.Series:
    """Say where a text means that there is no value."""
    if values.dtype != pl.String:
        return pl.repeat(False, len(values), eager=True)
    return values.is_in(list(MISSING) if number else [""])
