"""The forms of a table in JSON: rows with or without names, and columns."""

from __future__ import annotations

from typing import Any

from noria.errors import RequestError
from noria.gateway.batch import Batch
from noria.gateway.protocols.body import Scalar
from noria.gateway.schema import Schema, check_rows

Record = dict[str, Scalar]
Instances = list[Record | list[Scalar] | Scalar]
Columns = dict[str, list[Scalar | list[Scalar]]]


def from_instances(instances: list[Any], schema: Schema, form: Any = None) -> Batch:
    """Return the batch of rows: all objects, or all lists of the features' values in their order.

    For a model of one feature, a row may also be its value.

    Raises:
        RequestError: 400, naming the row or the column; 413, too many rows.
    """
    check_rows(len(instances))
    kinds = set(map(type, instances))
    if kinds == {dict}:
        return from_records(instances, schema, form)
    if kinds <= {list}:
        return schema.rows(instances, form=form)
    if kinds == {dict, list}:
        raise RequestError(400, "instances: are either all lists or all objects")
    return schema.rows([[value] for value in instances], form=form)


def from_records(records: list[Record], schema: Schema, form: Any = None) -> Batch:
    """Return the batch of objects; a name that only some of them have is missing in the others.

    Raises:
        RequestError: 400, naming the column.
    """
    check_rows(len(records))
    if set(map(len, records)) == {len(schema.features)}:
        try:
            return schema.rows(list(map(schema.pick, records)), form=form)
        except KeyError:  # other names, or as many others
            pass
    names = dict.fromkeys(name for record in records for name in record)
    columns = {name: [record.get(name) for record in records] for name in names or schema.features}
    return schema.batch(columns, form=form)


def from_columns(columns: Columns, schema: Schema, form: Any = None) -> Batch:
    """Return the batch of columns, each of shape [n] or [n, 1]; or of one table of any other name.

    Raises:
        RequestError: 400, naming the column.
    """
    if len(columns) == 1:
        ((name, values),) = columns.items()
        rows: list[Any] = values
        if name not in schema.kinds and set(map(type, rows)) == {list}:
            return schema.rows(rows, form=form)
    return schema.batch({name: _single(name, values) for name, values in columns.items()}, form=form)


def from_split(names: list[str], rows: list[list[Scalar]], schema: Schema) -> Batch:
    """Return the batch of rows whose values are named once for all.

    Raises:
        RequestError: 400, naming the row or the column; 413, too many rows.
    """
    check_rows(len(rows))
    if tuple(names) == schema.features:
        return schema.rows(rows)
    if len(set(names)) < len(names):
        raise RequestError(400, "columns: a name stands there twice")
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise RequestError(400, f"row {number} has {len(row)} values, and there are {len(names)} columns")
    cells = zip(*rows, strict=True) if rows else [()] * len(names)
    return schema.batch(dict(zip(names, map(list, cells), strict=True)))


def _single(name: str, values: list[Any]) -> list[Any]:
    if list not in set(map(type, values)):
        return values
    if any(type(value) is list and len(value) != 1 for value in values):
        raise RequestError(400, f"{name!r}: a column has the shape [n] or [n, 1]")
    return [value[0] if type(value) is list else value for value in values]
