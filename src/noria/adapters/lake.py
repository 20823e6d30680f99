"""The dataset of a model in Delta: numbered, immutable versions, each of which adds only new rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from noria.delta import Table
from noria.project.model import Data

OWN = ("_version", "_origin", "_time", "_known", "_id", "_source")
"""The columns that the dataset adds to the schema's.

`_version` is the data version in which a row was appended; `_origin` is source or feedback; `_time` is the
project's time column, or the row's number; `_known` is when the label was known, null for always; `_id` is
the prediction that a row of feedback comes from; `_source` is the name of the file, or who told the label.
"""
_VERSION = "version"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Removed:
    """The rows that were removed, as they stood in the dataset, and the data version without them."""

    version: int
    rows: pl.DataFrame


class Dataset:
    """The labelled examples under `lake`. One writer at a time."""

    def __init__(self, lake: Path, data: Data) -> None:
        self._table = Table(lake / "dataset")
        self._removed = Table(lake / "removed")
        self._data = data

    @property
    def version(self) -> int:
        """The newest data version; 0 before the first rows."""
        return self._table.mark(_VERSION)

    def versions(self) -> range:
        """Return the numbers of all data versions."""
        return range(1, self.version + 1)

    def read(self, version: int | None = None) -> pl.LazyFrame:
        """Return the rows of a data version (None: the newest), lazily."""
        rows = self._table.scan()
        if self._table.rows and "_source" not in self._table.schema:
            rows = rows.with_columns(_source=pl.lit(None, pl.String))
        return rows if version is None else rows.filter(pl.col("_version") <= version)

    def append(self, batches: Mapping[str, pl.DataFrame]) -> int:
        """Append the rows that are new, by origin ("source", "feedback"), and return the data version.

        A row is known by its entity and time, where the project has an entity. Else a row of feedback is
        known by its `_id`, and a row of the sources by all its values: as often as it stands there, it
        stands in the dataset.
        What was removed does not come again. Without new rows the version stays.
        The number and the rows are committed together.
        """
        fresh = pl.DataFrame()
        for origin, batch in batches.items():
            rows = self._prepared(batch, origin)
            key = self._key(rows, origin)
            rows = self._never_removed(rows, key)
            tables = [self._table.scan(), fresh.lazy()]
            if not self._data.identity:
                tables = [_of(origin, table) for table in tables]
            known = [_columns(table, key, rows) for table in tables]
            fresh = pl.concat([fresh, unknown(rows, pl.concat(known), key)], how="diagonal_relaxed")
        if fresh.is_empty():
            return self.version
        number = self.version + 1
        self._table.append(self._numbered(fresh, number), {_VERSION: number})
        return number

    def remove(self, column: str, value: Any) -> Removed:
        """Make a new data version without the rows whose column has this value, and say what was removed.

        All data versions lose these rows; they never come again. Without such rows the version stays.
        """
        rows = self.read().filter(pl.col(column) == value).collect() if self.version else pl.DataFrame()
        if rows.is_empty():
            return Removed(version=self.version, rows=rows)
        number = self.version + 1
        parts = rows.partition_by("_origin", as_dict=True)
        gone = [_digests(part, self._key(part, str(origin))) for (origin,), part in parts.items()]
        marked = pl.concat(gone).to_frame().with_columns(_version=pl.lit(number, pl.Int64))
        self._removed.append(marked, {_VERSION: number})
        self._table.delete(column, value, {_VERSION: number})
        return Removed(version=number, rows=rows)

    def removed(self, before: int, after: int) -> int:
        """Return how many rows were removed after the data version `before`, up to `after`."""
        if not self._removed.rows:
            return 0
        made = pl.col("_version").is_between(before, after, closed="right")
        return int(self._removed.scan().select(made.sum()).collect().item())

    def purge(self) -> int:
        """Delete the files of former states of the table, and return how many; only the present one remains.

        Who reads a former state at this moment, such as a run that begins, fails.
        """
        return self._table.vacuum()

    def _never_removed(self, rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
        if not self._removed.rows:
            return rows
        return rows.filter(~_digests(rows, key).is_in(self._removed.scan().collect()["key"].implode()))

    def _prepared(self, batch: pl.DataFrame, origin: str) -> pl.DataFrame:
        """Add the dataset's own columns to a batch."""
        time = pl.col(self._data.time) if self._data.time else pl.lit(None, pl.Int64)
        own = {"_id": pl.String(), "_known": pl.Datetime("us", "UTC"), "_source": pl.String()}
        present = [
            pl.lit(None, dtype).alias(name) for name, dtype in own.items() if name not in batch.columns
        ]
        rows = batch.with_columns(*present, _time=time, _origin=pl.lit(origin))
        return rows.with_columns(_known=pl.coalesce("_known", when_known(self._data, rows.columns)))

    def _key(self, rows: pl.DataFrame, origin: str) -> list[str]:
        if self._data.identity:
            return list(self._data.identity)
        return ["_id"] if origin == "feedback" else [name for name in rows.columns if name not in OWN]

    def _numbered(self, fresh: pl.DataFrame, version: int) -> pl.DataFrame:
        if self._data.time is None:
            first = (
                self._table.scan().select(pl.col("_time").max() + 1).collect().item() if version > 1 else 0
            )
            fresh = fresh.with_columns(_time=pl.int_range(first, first + pl.len(), dtype=pl.Int64))
        return fresh.with_columns(_version=pl.lit(version, pl.Int64))


def visible(rows: pl.LazyFrame, now: datetime) -> pl.LazyFrame:
    """Return the rows of a dataset whose label was known at `now`."""
    return rows.filter(pl.col("_known").is_null() | (pl.col("_known") <= now))


def when_known(data: Data, columns: Collection[str]) -> pl.Expr:
    """Return when the label of a row with these columns and its `_time` is known; null without a time."""
    if data.label_time in columns:
        return pl.col(str(data.label_time))
    return pl.col("_time") + pl.lit(data.label_delay) if data.time else pl.lit(None)


def unknown(rows: pl.DataFrame, known: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Return the rows whose key is not among the known ones; equal ones are told apart by counting them."""
    copy = pl.int_range(pl.len()).over(*key).alias("_copy")
    numbered, counted = rows.with_columns(copy), known.with_columns(copy)
    return numbered.join(counted, on=[*key, "_copy"], how="anti", nulls_equal=True).drop("_copy")


def _digests(rows: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """Return a digest of each row's key: it tells a removed row when it comes again, and not what it said."""
    texts = [pl.col(name).cast(pl.String).fill_null("\0") for name in sorted(key)]
    joined = rows.select(pl.concat_str(texts, separator="\x1f")).to_series()
    digests = [sha256(text.encode()).hexdigest() for text in joined]
    return pl.Series("key", digests, dtype=pl.String)


def _of(origin: str, table: pl.LazyFrame) -> pl.LazyFrame:
    return table.filter(pl.col("_origin") == origin) if table.collect_schema() else table


def _columns(table: pl.LazyFrame, key: list[str], rows: pl.DataFrame) -> pl.DataFrame:
    """Return the key of the rows in a table that may not have all of its columns yet."""
    names = table.collect_schema().names()
    if not names:
        return rows.select(key).clear()
    columns = [pl.col(name) if name in names else pl.lit(None, rows.schema[name]).alias(name) for name in key]
    return table.select(columns).collect()
