"""MLflow's scoring protocol, as JSON: dataframe_split, dataframe_records, instances or inputs.

https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from noria.errors import RequestError
from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.protocols import body
from noria.gateway.protocols.body import Scalar
from noria.gateway.schema import Schema

VERSION = b"3.0.0"
"""The version of MLflow whose scoring protocol this is; clients ask for it at /version."""


class _Split(msgspec.Struct):
    columns: list[str]
    data: list[list[Scalar]]


_Record = dict[str, Scalar]


class _Invocation(msgspec.Struct):
    dataframe_split: _Split | None = None
    dataframe_records: list[_Record] | None = None
    instances: list[_Record | list[Scalar]] | None = None
    inputs: dict[str, list[Scalar | list[Scalar]]] | list[list[Scalar]] | None = None


_decoder = msgspec.json.Decoder(_Invocation)
_encode = msgspec.json.Encoder().encode
_CODES = {400: "BAD_REQUEST", 404: "NOT_FOUND", 503: "TEMPORARILY_UNAVAILABLE"}


def decode(content: bytes, schema: Schema) -> Batch:
    """Return the batch of an invocation. A table without names has the model's features, in their order.

    Raises:
        RequestError: 400, naming the column or the row.
    """
    request = body.decode(_decoder, content)
    given = [name for name in _FORMS if getattr(request, name) is not None]
    if len(given) != 1:
        found = ", ".join(given) or "none of them"
        raise RequestError(400, f"the body has exactly one of {', '.join(_FORMS)}; found {found}")
    return schema.batch(_FORMS[given[0]](getattr(request, given[0]), schema.features))


def encode(answer: Answer, model: str, schema: Schema) -> bytes:
    return _encode({"predictions": answer.outputs})


def error(status: int, message: str) -> bytes:
    return _encode({"error_code": _CODES.get(status, "INTERNAL_ERROR"), "message": message})


def _from_split(table: _Split, features: tuple[str, ...]) -> dict[str, list[Any]]:
    if len(set(table.columns)) < len(table.columns):
        raise RequestError(400, "dataframe_split.columns: a name stands there twice")
    return body.transpose(table.data, tuple(table.columns))


def _from_rows(rows: list[Any], features: tuple[str, ...]) -> dict[str, list[Any]]:
    if all(type(row) is list for row in rows):
        return body.transpose(rows, features)
    if not all(type(row) is dict for row in rows):
        raise RequestError(400, "instances: are either all lists or all objects")
    return _from_records(rows, features)


def _from_records(records: list[_Record], features: tuple[str, ...]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for record in records for name in record)
    return {name: [record.get(name) for record in records] for name in names or features}


def _from_inputs(inputs: Any, features: tuple[str, ...]) -> dict[str, list[Any]]:
    if isinstance(inputs, list):
        return body.transpose(inputs, features)
    return {name: _single(name, values) for name, values in inputs.items()}


def _single(name: str, values: list[Any]) -> list[Any]:
    """Return the values of a column that was sent as [n] or as [n, 1]."""
    if any(type(value) is list and len(value) != 1 for value in values):
        raise RequestError(400, f"{name!r}: a column has the shape [n] or [n, 1]")
    return [value[0] if type(value) is list else value for value in values]


_FORMS: dict[str, Callable[[Any, tuple[str, ...]], dict[str, list[Any]]]] = {
    "dataframe_split": _from_split,
    "dataframe_records": _from_records,
    "instances": _from_rows,
    "inputs": _from_inputs,
}
