"""The Open Inference Protocol, version 2, as JSON.

Either one input per column, of shape [n] or [n, 1], or one numeric input of shape [n, features] in the order
of the model's features. https://github.com/open-inference/open-inference-protocol
"""

from __future__ import annotations

from typing import Any

import msgspec

from noria.errors import RequestError
from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.protocols import body
from noria.gateway.schema import Schema

EXTENSIONS: tuple[str, ...] = ()
_NUMERIC = frozenset(
    "BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 FP32 FP64".split()  # noqa: SIM905 as in the spec
)


class _Tensor(msgspec.Struct):
    name: str
    shape: list[int]
    datatype: str
    data: list[body.Scalar | list[body.Scalar]]


class _Inference(msgspec.Struct):
    inputs: list[_Tensor]
    id: str = ""


_decoder = msgspec.json.Decoder(_Inference)
_encode = msgspec.json.Encoder().encode


def decode(content: bytes, schema: Schema) -> Batch:
    """Return the batch of an inference request.

    Raises:
        RequestError: 400, naming the input that is malformed or that the model does not know.
    """
    request = body.decode(_decoder, content)
    inputs = request.inputs
    if len(inputs) == 1 and len(inputs[0].shape) == 2 and inputs[0].name not in schema.kinds:
        return schema.batch(_matrix(inputs[0], schema.features), request.id)
    columns = {tensor.name: _column(tensor) for tensor in inputs}
    if len(columns) < len(inputs):
        raise RequestError(400, "inputs: a name stands there twice")
    return schema.batch(columns, request.id)


def encode(answer: Answer, model: str, schema: Schema) -> bytes:
    """Return the body of an inference response, with one output named `predict`."""
    outputs = answer.outputs
    shape, data = [len(outputs)], outputs
    if outputs and isinstance(outputs[0], list):
        shape, data = [len(outputs), len(outputs[0])], [value for row in outputs for value in row]
    return _encode(
        {
            "model_name": model,
            "model_version": str(answer.versions[0]),
            "id": answer.id,
            "outputs": [{"name": "predict", "shape": shape, "datatype": "FP64", "data": data}],
        }
    )


def error(message: str) -> bytes:
    return _encode({"error": message})


def metadata(model: str, versions: tuple[int, ...], schema: Schema) -> bytes:
    """Return the model's metadata: an input per column, and the output."""
    shape = [-1, len(schema.classes)] if schema.task == "multiclass" else [-1]
    return _encode(
        {
            "name": model,
            "versions": [str(version) for version in versions],
            "platform": "noria",
            "inputs": [
                {"name": name, "datatype": "FP64" if kind == "number" else "BYTES", "shape": [-1]}
                for name, kind in schema.kinds.items()
                if name in schema.features
            ],
            "outputs": [{"name": "predict", "datatype": "FP64", "shape": shape}],
        }
    )


def _matrix(tensor: _Tensor, features: tuple[str, ...]) -> dict[str, list[Any]]:
    rows, width = tensor.shape
    if tensor.datatype not in _NUMERIC:
        raise _fault(tensor, f"a table of shape {tensor.shape} holds numbers, not {tensor.datatype}")
    if width != len(features):
        raise _fault(tensor, f"has {width} columns, and the model has {len(features)}: {', '.join(features)}")
    values = _flat(tensor, rows * width)
    return {name: values[index::width] for index, name in enumerate(features)}


def _column(tensor: _Tensor) -> list[Any]:
    shape = tensor.shape
    if len(shape) not in (1, 2) or (len(shape) == 2 and shape[1] != 1):
        raise _fault(tensor, f"a column has the shape [n] or [n, 1], not {shape}")
    if tensor.datatype != "BYTES" and tensor.datatype not in _NUMERIC:
        raise _fault(
            tensor, f"the datatype {tensor.datatype!r} is none of {', '.join(sorted(_NUMERIC))}, BYTES"
        )
    return _flat(tensor, shape[0])


def _flat(tensor: _Tensor, size: int) -> list[Any]:
    values: list[Any] = tensor.data
    if values and type(values[0]) is list:
        if any(type(row) is not list or len(row) != len(values[0]) for row in values):
            raise _fault(tensor, "its data are neither flat nor rows of one length")
        values = [value for row in values for value in row]
    if len(values) != size:
        raise _fault(tensor, f"has {len(values)} values, and its shape {tensor.shape} means {size}")
    return values


def _fault(tensor: _Tensor, what: str) -> RequestError:
    return RequestError(400, f"{tensor.name!r}: {what}")
