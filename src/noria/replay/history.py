"""The history of a project: all its rows in the order of their times, with what is known when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.adapters import sources
from noria.adapters.contract import Checked, check
from noria.adapters.ingest import as_sent, feedback
from noria.adapters.lake import Dataset, unknown, when_known
from noria.delta import DTYPES
from noria.errors import DataError
from noria.project.model import Data, Project
from noria.project.table import FILE, TableSchema

NEVER = 2**62
"""When a label that never comes is known, in epoch microseconds."""
SPREAD_FROM = datetime(2001, 1, 1, tzinfo=UTC)
SPREAD_OVER = timedelta(weeks=52)
"""Rows that have only an order get times evenly over so long, from a Monday in the past on."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = pl.Datetime("us", "UTC")
_OWN = pl.Schema({"_row": pl.Int64(), "_id": pl.String(), "_known": _MOMENT})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """All rows of a project in the order of their times, with what is known when.

    `rows` has the schema's columns, and `_row`, the number in the sources from 1 on (null: from the live
    loop), `_time`, and `_known` (null: the label never comes). `times` and `known` are the same two in epoch
    microseconds, shape (n,). `spread`: the rows have only an order, and their times were made up. `entity`
    is the column of the entity, if any. `refused` holds `_row` and `reason` of the rows that break the
    contract. `digest` is the content's SHA-256.
    """

    rows: pl.DataFrame
    times: NDArray[np.int64]
    known: NDArray[np.int64]
    spread: bool
    entity: str | None
    refused: pl.DataFrame
    digest: str

    def moment(self, number: int) -> datetime:
        """Return the time of a row by its number; -1 is the last."""
        return _EPOCH + timedelta(microseconds=int(self.times[number]))

    def named(self, number: int) -> str:
        """Return a row as people find it: its number in the sources, its entity and its time."""
        row = self.rows.row(number, named=True)
        place = f"row {row['_row']}" if row["_row"] else "a row of the dataset"
        marks = [str(row[self.entity])] if self.entity else []
        marks += [] if self.spread else [f"{row['_time']:%Y-%m-%d %H:%M}"]
        return f"{place} ({', '.join(marks)})" if marks else place

    def arrived(self, since: datetime, until: datetime) -> range:
        """Return the numbers of the rows that came after `since` and up to `until`."""
        first, last = np.searchsorted(self.times, [micros(since), micros(until)], side="right")
        return range(int(first), max(int(first), int(last)))

    def labelled(self, now: datetime) -> NDArray[np.bool_]:
        """Tell of each row, shape (n,), whether it had come and its label was known at `now`."""
        moment = micros(now)
        return (self.times <= moment) & (self.known <= moment)


def read_history(project: Project, schema: TableSchema, now: datetime) -> History:
    """Return the history as an ingest at `now` would see it, with rows that lack a label; it writes nothing.

    Raises:
        DataError: a source or its times cannot be read, or each of its rows is refused.
    """
    _must_be_timestamps(project.data, schema)
    checked = _from_sources(project, schema)
    rows = _completed(checked.rows, schema)
    key = project.data.identity or [*schema.names, "_id"]
    for batch in _from_loop(project, schema, now):
        rows = pl.concat([rows, unknown(batch, rows, key)])
    refused = checked.refused.select(_row=_number(), reason="reason")
    if rows.is_empty():
        number, reason = refused.row(0)
        raise DataError(f"each row of the sources is refused: row {number}: {reason}", hint="noria doctor")
    rows = _timed(rows, project.data).sort("_time", maintain_order=True)
    rows = rows.select(*schema.names, "_row", "_time", "_known")
    return History(
        rows=rows,
        times=rows["_time"].to_physical().to_numpy(),
        known=rows["_known"].to_physical().fill_null(NEVER).to_numpy(),
        spread=project.data.time is None,
        entity=project.data.entity,
        refused=refused,
        digest=_digest(rows.drop("_row")),
    )


def micros(moment: datetime) -> int:
    """Return a moment in epoch microseconds."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _must_be_timestamps(data: Data, schema: TableSchema) -> None:
    for key, name in (("time", data.time), ("label_time", data.label_time)):
        kind = schema.column(name).kind if name else "timestamp"
        if kind != "timestamp":
            raise DataError(
                f"data.{key}: {name} is of the kind {kind} in {FILE}; allowed: timestamp, which reads dates, "
                "texts such as 2013-01-31T08:15, and seconds since 1970",
                hint="noria doctor",
            )


def _from_sources(project: Project, schema: TableSchema) -> Checked:
    paths = sources.files(project.root, project.data.source)
    batch = sources.read(paths, schema.names).with_row_index("_row", offset=1)
    return check(batch, schema, project.data, labelled=False)


def _from_loop(project: Project, schema: TableSchema, now: datetime) -> Iterator[pl.DataFrame]:
    """Yield what the live loop keeps: rows that were ingested once, and feedback that will be."""
    dataset = Dataset(project.home / "lake", project.data)
    for rows in (dataset.read().collect(), feedback(project, schema, dataset, now)):
        if not rows.is_empty():
            yield check(_completed(rows, schema), as_sent(schema, project.data), project.data).rows


def _completed(rows: pl.DataFrame, schema: TableSchema) -> pl.DataFrame:
    """Return the schema's columns, `_row`, `_id` and `_known`, null where the rows lack them."""
    types = {**{column.name: DTYPES[column.kind] for column in schema.columns}, **_OWN}
    lacking = [pl.lit(None, dtype).alias(name) for name, dtype in types.items() if name not in rows.columns]
    return rows.with_columns(lacking).select(*types).cast(_OWN)


def _timed(rows: pl.DataFrame, data: Data) -> pl.DataFrame:
    """Add `_time`, made up where the rows have only an order, and say when each label was known."""
    if data.time is None:
        step = SPREAD_OVER // max(1, rows.height)
        time = pl.lit(SPREAD_FROM).cast(_MOMENT) + pl.int_range(1, pl.len() + 1) * pl.lit(step)
        known = pl.col("_time")  # real moments have no place on a made-up scale
    else:
        time = pl.col(data.time)
        known = pl.coalesce("_known", when_known(data, rows.columns))
    rows = rows.with_columns(_time=time)
    return rows.with_columns(_known=pl.when(pl.col(data.label).is_not_null()).then(known))


def _number() -> pl.Expr:
    """Return the number of a refused row, which is kept as JSON."""
    return pl.col("row").str.json_path_match("$._row").cast(pl.Int64)


def _digest(rows: pl.DataFrame) -> str:
    digest = sha256(repr(rows.schema).encode())
    digest.update(rows.hash_rows().to_numpy().tobytes())
    return digest.hexdigest()
