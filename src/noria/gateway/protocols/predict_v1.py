"""The first prediction protocol of TensorFlow Serving, which KServe's first one is a part of.

Rows `{"instances": [...]}` are answered by `{"predictions": [...]}`, columns `{"inputs": {...}}` by
`{"outputs": [...]}`. https://www.tensorflow.org/tfx/serving/api_rest,
https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol
"""

from __future__ import annotations

from typing import Any

import msgspec

from noria.errors import RequestError
from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.protocols import body, tables
from noria.gateway.protocols.protocol import Content, Headers, Protocol
from noria.gateway.schema import Schema


class _Prediction(msgspec.Struct):
    instances: tables.Instances | None = None
    inputs: tables.Columns | tables.Instances | None = None


_decoder = msgspec.json.Decoder(_Prediction)
_encode = msgspec.json.Encoder().encode


def decode(content: bytes, headers: Headers, schema: Schema) -> Batch:
    """Return the batch of rows or columns; its form is the name under which the answer stands.

    Raises:
        RequestError: 400, naming the row or the column.
    """
    request = body.decode(_decoder, content)
    if (request.instances is None) == (request.inputs is None):
        raise RequestError(400, "the body has either instances, which are rows, or inputs, which are columns")
    if request.instances is not None:
        return tables.from_instances(request.instances, schema, "predictions")
    if isinstance(request.inputs, dict):
        return tables.from_columns(request.inputs, schema, "outputs")
    return tables.from_instances(request.inputs or [], schema, "outputs")


def encode(answer: Answer, form: str, model: str, schema: Schema) -> Content:
    return Content(_encode({form: answer.outputs}))


def fail(status: int, message: str) -> Content:
    return Content(_encode({"error": message}))


def status(model: str, versions: dict[int, bool]) -> dict[str, Any]:
    """Return the status of a model whose versions are up or not, in a form that satisfies both protocols."""
    return {
        "name": model,
        "ready": any(versions.values()),
        "model_version_status": [
            {
                "version": str(version),
                "state": "AVAILABLE" if up else "LOADING",
                "status": {"error_code": "OK", "error_message": ""},
            }
            for version, up in versions.items()
        ],
    }


PROTOCOL = Protocol(name="v1", decode=decode, encode=encode, fail=fail)
