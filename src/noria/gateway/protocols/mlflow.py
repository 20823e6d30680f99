"""MLflow's scoring protocol: dataframe_split, dataframe_records, instances or inputs, or CSV with a header.

https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from noria.errors import RequestError
from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.protocols import body, csv_table, tables
from noria.gateway.protocols.protocol import Content, Headers, Protocol
from noria.gateway.schema import Schema

VERSION = b"3.0.0"
"""The version of MLflow whose scoring protocol this is; clients ask for it at /version."""


class _Split(msgspec.Struct):
    columns: list[str]
    data: list[list[body.Scalar]]


class _Invocation(msgspec.Struct):
    dataframe_split: _Split | None = None
    dataframe_records: list[tables.Record] | None = None
    instances: tables.Instances | None = None
    inputs: tables.Columns | tables.Instances | None = None


_NAN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|NaN', re.DOTALL)
"""A whole text, or a NaN outside of all texts: MLflow's own client writes one for a missing number."""
_decoder = msgspec.json.Decoder(_Invocation)
_encode = msgspec.json.Encoder().encode
_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    413: "BAD_REQUEST",
    415: "BAD_REQUEST",
    422: "INVALID_PARAMETER_VALUE",
    429: "RESOURCE_EXHAUSTED",
    503: "TEMPORARILY_UNAVAILABLE",
}


def decode(content: bytes, headers: Headers, schema: Schema) -> Batch:
    """Return the batch of an invocation. A table without names has the model's features, in their order.

    Raises:
        RequestError: 400, naming the column or the row; 415, neither JSON nor CSV.
    """
    kind = headers.get(b"content-type", b"")
    if kind == b"application/json":
        return _from_json(content, schema)
    kind = kind.partition(b";")[0].strip().lower()
    if kind == b"application/json":
        return _from_json(content, schema)
    if kind == b"text/csv":
        return csv_table.decode(content, schema)
    found = kind.decode("latin-1")
    raise RequestError(415, f"the content type is application/json or text/csv, not {found!r}")


def encode(answer: Answer, form: Any, model: str, schema: Schema) -> Content:
    return Content(_encode({"predictions": answer.outputs}))


def fail(status: int, message: str) -> Content:
    return Content(_encode({"error_code": _CODES.get(status, "INTERNAL_ERROR"), "message": message}))


PROTOCOL = Protocol(name="mlflow", decode=decode, encode=encode, fail=fail)


def _from_json(content: bytes, schema: Schema) -> Batch:
    if b"NaN" in content and schema.nan == "missing":
        content = _NAN.sub(lambda found: b"null" if found[0] == b"NaN" else found[0], content)
    request = body.decode(_decoder, content)
    given = [name for name in _Invocation.__struct_fields__ if getattr(request, name) is not None]
    if len(given) != 1:
        forms, found = ", ".join(_Invocation.__struct_fields__), ", ".join(given) or "none of them"
        raise RequestError(400, f"the body has exactly one of {forms}; found {found}")
    if request.dataframe_split is not None:
        return tables.from_split(request.dataframe_split.columns, request.dataframe_split.data, schema)
    if request.dataframe_records is not None:
        return tables.from_records(request.dataframe_records, schema)
    if isinstance(request.inputs, dict):
        return tables.from_columns(request.inputs, schema)
    return tables.from_instances(request.instances or request.inputs or [], schema)
