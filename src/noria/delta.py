"""Delta tables with one writer each: appended in atomic commits, read with Polars.

A commit carries marks: how far each of the writer's sources was read. Rows and marks become visible
together, so a writer that was killed goes on exactly where its table ends (Delta protocol, `txn` actions).
Files are written by Polars and only then committed; a file without a commit is never read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import polars as pl
from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.transaction import AddAction, RemoveAction

DTYPES: dict[str, pl.DataType] = {
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "category": pl.String(),
    "boolean": pl.Boolean(),
    "text": pl.String(),
    "timestamp": pl.Datetime("us", "UTC"),
}
"""The Polars type of each kind of column in a project's schema."""

SMALL = 4 * 2**20
"""Size in bytes below which a file is worth merging with others."""
MANY = 64
"""Number of small files in a partition that are merged into one."""
# A commit reads the log back to the last checkpoint: with 10 it costs 15 ms, with 100 up to 100 ms.
CONFIGURATION = {"delta.checkpointInterval": "10", "delta.logRetentionDuration": "interval 1 days"}


class Table:
    """A Delta table at `path`, which appears with its first rows. `by_day`: partitioned by its `_day`."""

    def __init__(self, path: Path, *, by_day: bool = False) -> None:
        self.path = path
        self.partition = ["_day"] if by_day else []
        self._table: DeltaTable | None = None
        self.refresh()

    def refresh(self) -> None:
        """See what another process has committed."""
        if self._table is not None:
            self._table.update_incremental()
        elif DeltaTable.is_deltatable(str(self.path)):
            self._table = DeltaTable(self.path)

    def create(self, columns: pl.Schema) -> DeltaTable:
        """Create the table, if it is not there; if it is, add the columns that it does not have yet."""
        schema = Schema.from_arrow(columns)
        if self._table is None:
            self.path.mkdir(parents=True, exist_ok=True)
            self._table = DeltaTable.create(
                self.path, schema, mode="ignore", partition_by=self.partition, configuration=CONFIGURATION
            )
        known = self.schema
        if new := [field for field in schema.fields if field.name not in known]:
            self._table.alter.add_columns(new)
            self._table.update_incremental()
        return self._table

    def append(self, frame: pl.DataFrame, marks: Mapping[str, int]) -> None:
        """Append the rows and set the marks, both or neither; new columns are added to the table."""
        table = self.create(frame.schema)
        parts = self._by_day(frame)
        added: list[AddAction | RemoveAction] = [self._write(partition, rows) for partition, rows in parts]
        self._commit(table, added, marks)
        for partition, _ in parts:
            self._merge_small(partition)

    def delete(self, column: str, value: Any, marks: Mapping[str, int]) -> None:
        """Delete the rows whose column has this value, and set the marks, both or neither.

        The files with these rows remain until `vacuum`.
        """
        assert self._table is not None
        done = [Transaction(source, offset) for source, offset in marks.items()]
        name = column.replace('"', '""')
        text = str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"
        self._table.delete(f'"{name}" = {text}', commit_properties=CommitProperties(app_transactions=done))

    def vacuum(self) -> int:
        """Delete the files that the newest state does not need, and return how many."""
        if self._table is None:
            return 0
        return len(self._table.vacuum(0, dry_run=False, enforce_retention_duration=False))

    def mark(self, source: str) -> int:
        """Return how far a source was read into this table; 0 at first."""
        return (self._table.transaction_version(source) or 0) if self._table else 0

    def scan(self, days: Collection[date] | None = None) -> pl.LazyFrame:
        """Return the rows (of these days only), lazily; a frame without columns before the first rows."""
        if self._table is None:
            return pl.LazyFrame()
        schema = self.schema
        files = self._files(None if days is None else {str(day) for day in days})
        if not files:
            return pl.LazyFrame(schema=schema)
        hive = {name: schema.pop(name) for name in self.partition}
        return pl.scan_parquet(
            files,
            schema=schema,
            hive_schema=hive or None,
            hive_partitioning=bool(hive),
            missing_columns="insert",
        )

    def days(self) -> set[date]:
        """Return the days of which the table holds rows."""
        return {date.fromisoformat(day) for day in set(map(_day, self._files(None)))}

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The columns and their types; none before the first rows."""
        return dict(pl.Schema(self._table.schema())) if self._table else {}

    @property
    def rows(self) -> int:
        """The number of rows, from the log alone."""
        return int(self._table.count()) if self._table else 0

    def _by_day(self, frame: pl.DataFrame) -> list[tuple[dict[str, str | None], pl.DataFrame]]:
        if not self.partition:
            return [({}, frame)]
        parts = frame.partition_by("_day", include_key=False, as_dict=True)
        return [({"_day": str(day)}, rows) for (day,), rows in parts.items()]

    def _write(self, partition: dict[str, str | None], rows: pl.DataFrame) -> AddAction:
        name = "/".join([*(f"{key}={value}" for key, value in partition.items()), f"{uuid4().hex}.parquet"])
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        rows.write_parquet(file, compression="lz4")
        now = int(time.time() * 1000)
        return AddAction(
            name, file.stat().st_size, partition, now, True, json.dumps({"numRecords": rows.height})
        )

    def _commit(
        self, table: DeltaTable, actions: list[AddAction | RemoveAction], marks: Mapping[str, int]
    ) -> None:
        transactions = [Transaction(source, offset) for source, offset in marks.items()]
        table.create_write_transaction(
            actions,
            mode="append",
            schema=table.schema(),
            partition_by=self.partition,
            commit_properties=CommitProperties(app_transactions=transactions),
        )
        table.update_incremental()

    def _files(self, days: set[str] | None) -> list[str]:
        files = files_of(self._table) if self._table else []
        return files if days is None else [file for file in files if _day(file) in days]

    def _merge_small(self, partition: dict[str, str | None]) -> None:
        """Merge the small files of a partition, once there are many: a scan pays for each file."""
        assert self._table is not None
        days = {day for day in partition.values() if day}
        files = self._files(days or None)
        small = (
            [Path(file) for file in files if Path(file).stat().st_size < SMALL] if len(files) >= MANY else []
        )
        if len(small) < MANY:
            return
        rows = pl.concat([pl.read_parquet(file, hive_partitioning=False) for file in small], how="diagonal")
        now = int(time.time() * 1000)
        gone = [
            RemoveAction(str(file.relative_to(self.path)), False, now, file.stat().st_size, partition)
            for file in small
        ]
        merged = self._write(partition, rows)
        merged.data_change = False
        self._commit(self._table, [merged, *gone], {})


def files_of(table: DeltaTable) -> list[str]:
    """Return the paths of a local table's files; deltalake quotes them as in a URL."""
    return [unquote(uri) for uri in table.file_uris()]


def _day(file: str) -> str:
    """Return the day of a file in a partition, `.../_day=2013-01-31/....parquet`."""
    return file.rsplit("/", 2)[1].removeprefix("_day=")
