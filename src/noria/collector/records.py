"""The records of the log, checked; and as frames for the tables of predictions and labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import msgspec
import numpy as np
import polars as pl

from noria.block import FLOAT, Block, Column
from noria.delta import DTYPES
from noria.outcomes import stored
from noria.project.model import Project, Task
from noria.project.table import TableSchema

Value = float | int | str | bool | None

NOTHING = np.empty(0, FLOAT)


class Predictions(msgspec.Struct, frozen=True, tag_field="k", tag="p"):
    """A micro-batch that one version answered, or failed with `error`.

    `outputs`, none if it failed, and `latencies` (seconds) are FLOAT; several outputs of a row stand side by
    side. `at` is in seconds since 1970. `clients` are the tokens that asked, by name, where they are wanted.
    """

    at: float
    model: str
    plan: int
    version: int
    role: Literal["champion", "challenger", "shadow", "fallback", "abstained"]
    ids: list[str]
    entities: list[str]
    columns: Block
    outputs: bytes
    latencies: bytes
    error: str | None
    clients: list[str] = []
    margin: float | None = None

    def __post_init__(self) -> None:
        rows = len(self.ids)
        if not rows == len(self.entities) == self.columns.rows == len(self.latencies) / FLOAT.itemsize:
            raise ValueError("a record has an entity, a latency and a value of each column per id")
        if self.clients and len(self.clients) != rows:
            raise ValueError("a record has a client per id, or none at all")
        if self.error is None and (not self.outputs or len(self.outputs) % (rows * FLOAT.itemsize)):
            raise ValueError("an answered record has one or more outputs per id")


class Labels(msgspec.Struct, frozen=True, tag_field="k", tag="l"):
    """Labels that arrived in one request, at `at`.

    `times`, where any was sent, say of which moment each label tells. With a `client` they are for that
    client's predictions alone.
    """

    at: float
    model: str
    ids: list[str]
    labels: list[Value]
    source: str
    times: list[float | None] = []
    client: str | None = None

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.labels) or len(self.times) not in (0, len(self.ids)):
            raise ValueError("a record has a label per id, and a time of each or of none")

    def tells_of(self) -> list[float]:
        """Return of which moment each label tells: when it arrived, unless it tells of an earlier one."""
        times = self.times or [None] * len(self.ids)
        return [self.at if time is None else min(time, self.at) for time in times]


Record = Predictions | Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The types of the columns: those that clients send, of an output, and of a label."""

    sent: dict[str, pl.DataType]
    output: pl.DataType
    label: pl.DataType


def parse(record: Mapping[str, Any]) -> Record | None:
    """Return the record, or None if it lacks something or has a wrong type or length."""
    try:
        checked: Record = msgspec.convert(record, Record)
    except msgspec.ValidationError:
        return None
    return checked


def layout(project: Project, schema: TableSchema) -> Layout:
    """Return the types for a project; a label that is no text in the schema is a number."""
    known_later = (project.data.label, project.data.label_time)
    label = schema.column(project.data.label).kind
    return Layout(
        sent={
            column.name: DTYPES[column.kind] for column in schema.columns if column.name not in known_later
        },
        output=pl.List(pl.Float64) if project.task == Task.MULTICLASS else pl.Float64(),
        label=pl.String() if label in ("category", "text") else pl.Float64(),
    )


def predictions(records: Sequence[Record], layout: Layout) -> pl.DataFrame:
    """Return a row per answered prediction, with `_day`, the UTC day of the prediction."""
    answered = [record for record in records if isinstance(record, Predictions) and record.error is None]
    series = [
        _series("id", _joined(answered, lambda record: record.ids), pl.String()),
        _series("at", _repeated(answered, lambda record: record.at), DTYPES["timestamp"]),
        _series("entity", _joined(answered, lambda record: record.entities), pl.String()),
        _series("client", _joined(answered, _clients), pl.String()),
        _series("model", _repeated(answered, lambda record: record.model), pl.String()),
        _series("version", _repeated(answered, lambda record: record.version), pl.Int64()),
        _series("role", _repeated(answered, lambda record: record.role), pl.String()),
        _series("plan", _repeated(answered, lambda record: record.plan), pl.Int64()),
        _outputs(answered, layout.output),
        _series("margin", _repeated(answered, lambda record: record.margin), pl.Float64()),
        _series("latency", np.frombuffer(b"".join(r.latencies for r in answered), FLOAT), pl.Float64()),
    ]
    blocks = [record.columns.columns() for record in answered]
    rows = [record.columns.rows for record in answered]
    series += [_series(stored(name), _sent(blocks, rows, name), dtype) for name, dtype in layout.sent.items()]
    return _dated(series)


def labels(records: Sequence[Record], layout: Layout) -> pl.DataFrame:
    """Return a row per label, null where it has not the label's type, with `_day`, when it arrived (UTC)."""
    given = [record for record in records if isinstance(record, Labels)]
    return _dated(
        [
            _series("id", _joined(given, lambda record: record.ids), pl.String()),
            _series("label", _joined(given, lambda record: record.labels), layout.label),
            _series("as_of", _joined(given, Labels.tells_of), DTYPES["timestamp"]),
            _series("at", _repeated(given, lambda record: record.at), DTYPES["timestamp"]),
            _series("source", _repeated(given, lambda record: record.source), pl.String()),
            _series("client", _repeated(given, lambda record: record.client), pl.String()),
        ]
    )


def _clients(record: Predictions) -> list[str | None]:
    return list(record.clients) or [None] * len(record.ids)


def _repeated(records: Sequence[Any], value: Callable[[Any], Any]) -> list[Any]:
    return list(chain.from_iterable([value(record)] * len(record.ids) for record in records))


def _joined(records: Sequence[Any], values: Callable[[Any], list[Any]]) -> list[Any]:
    return list(chain.from_iterable(map(values, records)))


def _outputs(records: Sequence[Predictions], dtype: pl.DataType) -> pl.Series:
    """Return the outputs of each row, or, where one is meant, the first."""
    tables = [np.frombuffer(record.outputs, FLOAT).reshape(len(record.ids), -1) for record in records]
    if isinstance(dtype, pl.List):
        return _series("output", [row for table in tables for row in table.tolist()], dtype)
    return _series("output", np.concatenate([NOTHING, *(table[:, 0] for table in tables)]), dtype)


def _sent(blocks: Sequence[Mapping[str, Column]], rows: Sequence[int], name: str) -> Column:
    """Return the values of a column, missing where it was not sent."""
    parts = [block.get(name) for block in blocks]
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate([NOTHING, *parts])
    lists = ([None] * count if part is None else list(part) for part, count in zip(parts, rows, strict=True))
    return list(chain.from_iterable(lists))


def _series(name: str, values: Column, dtype: pl.DataType) -> pl.Series:
    """Return the values with their type; what cannot have it is null."""
    if isinstance(dtype, pl.Datetime):
        return _times(name, values)
    if isinstance(values, np.ndarray):
        return pl.Series(name, values).fill_nan(None).cast(dtype, strict=False)
    if isinstance(dtype, pl.Boolean):  # clients send it as a JSON number, too
        return pl.Series(name, values, pl.Float64, strict=False).cast(dtype, strict=False)
    series = pl.Series(name, values, dtype, strict=False)
    return series.fill_nan(None) if dtype == pl.Float64 else series


def _times(name: str, values: Column) -> pl.Series:
    """Read ISO 8601 texts or seconds since 1970; a time without a zone is in UTC."""
    if isinstance(values, list) and any(isinstance(value, str) for value in values):
        texts = pl.Series(name, values, pl.String, strict=False)
        return texts.str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    seconds = pl.Series(name, values, pl.Float64, strict=False).fill_nan(None)
    return (seconds * 1e6).round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))


def _dated(series: list[pl.Series]) -> pl.DataFrame:
    return pl.DataFrame(series).with_columns(_day=pl.col("at").dt.date())
