"""Where predictions go: a Parquet file or a Delta table, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import write_deltalake


def write_parquet(out: Path, tables: Iterator[pa.Table]) -> None:
    """Write a file in place of the one before, once all tables have come."""
    draft = out.with_name(f".{out.name}.part")
    first = next(tables)
    try:
        with pq.ParquetWriter(draft, first.schema) as writer:
            writer.write_table(first)
            for table in tables:
                writer.write_table(table)
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


def write_delta(out: Path, tables: Iterator[pa.Table]) -> None:
    """Write a new version of a table, in place of the rows before; they stay in its history."""
    first = next(tables)

    def batches() -> Iterator[pa.RecordBatch]:
        yield from first.to_batches()
        for table in tables:
            yield from table.to_batches()

    reader = pa.RecordBatchReader.from_batches(first.schema, batches())
    write_deltalake(str(out), reader, mode="overwrite", schema_mode="overwrite")
