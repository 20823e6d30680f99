"""What SageMaker's runtime and `mlflow.deployments` send to an endpoint: MLflow's bodies.

SageMaker's headers carry the rest: an inference id, by which labels come later, and the variant, which here
is a version. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.protocols import mlflow
from noria.gateway.protocols.protocol import Content, Headers, Protocol
from noria.gateway.schema import Schema

INFERENCE_ID = b"x-amzn-sagemaker-inference-id"
TARGET_VARIANT = b"x-amzn-sagemaker-target-variant"
_ERRORS = {
    401: b"AccessDeniedException",
    403: b"AccessDeniedException",
    429: b"ThrottlingException",
    500: b"ModelError",
    503: b"ServiceUnavailable",
    504: b"ModelError",
}


def decode(content: bytes, headers: Headers, schema: Schema) -> Batch:
    """Return the batch of an invocation, see `mlflow.decode`."""
    batch = mlflow.decode(content, headers, schema)
    key = headers.get(INFERENCE_ID)
    return msgspec.structs.replace(batch, id=key.decode("latin-1")) if key else batch


def encode(answer: Answer, form: Any, model: str, schema: Schema) -> Content:
    variant = ",".join(map(str, answer.versions)).encode()
    content = mlflow.encode(answer, form, model, schema)
    lines = (
        b"x-amzn-invoked-production-variant: %b\r\n" % variant,
        b"x-amzn-sagemaker-inference-id: %b\r\n" % answer.id.encode(),
    )
    return Content(content.body, headers=b"".join(lines))


def fail(status: int, message: str) -> Content:
    error = _ERRORS.get(status, b"ValidationError")
    return Content(mlflow.fail(status, message).body, headers=b"x-amzn-errortype: %b\r\n" % error)


PROTOCOL = Protocol(name="sagemaker", decode=decode, encode=encode, fail=fail)
