"""Vertex AI's online prediction: `:predict` with instances, `:rawPredict` with any body of MLflow's.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.endpoints/predict
"""

from __future__ import annotations

from typing import Any

import msgspec

from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.protocols import body, mlflow, tables
from noria.gateway.protocols.protocol import Content, Headers, Protocol
from noria.gateway.schema import Schema


class _Prediction(msgspec.Struct):
    instances: tables.Instances


_decoder = msgspec.json.Decoder(_Prediction)
_encode = msgspec.json.Encoder().encode
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    422: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def decode(content: bytes, headers: Headers, schema: Schema) -> Batch:
    """Return the batch of instances.

    Raises:
        RequestError: 400, naming the row or the column.
    """
    return tables.from_instances(body.decode(_decoder, content).instances, schema)


def encode(answer: Answer, form: Any, model: str, schema: Schema) -> Content:
    version = _version(answer)
    return Content(
        _encode(
            {
                "predictions": answer.outputs,
                "deployedModelId": version,
                "model": f"models/{model}@{version}",
                "modelVersionId": version,
                "modelDisplayName": model,
            }
        )
    )


def encode_raw(answer: Answer, form: Any, model: str, schema: Schema) -> Content:
    """Return what the model's own container would: predictions alone, their origin in headers."""
    version = _version(answer)
    lines = (
        f"x-vertex-ai-endpoint-id: {model}\r\n"
        f"x-vertex-ai-deployed-model-id: {version}\r\n"
        f"x-vertex-ai-model: models/{model}@{version}\r\n"
        f"x-vertex-ai-model-version-id: {version}\r\n"
    )
    return Content(mlflow.encode(answer, form, model, schema).body, headers=lines.encode())


def fail(status: int, message: str) -> Content:
    error = {"code": status, "message": message, "status": _STATUSES.get(status, "INTERNAL")}
    return Content(_encode({"error": error}))


PROTOCOL = Protocol(name="vertex", decode=decode, encode=encode, fail=fail)
RAW = Protocol(name="vertex", decode=mlflow.decode, encode=encode_raw, fail=fail)


def _version(answer: Answer) -> str:
    return str(answer.versions[0]) if answer.versions else ""
