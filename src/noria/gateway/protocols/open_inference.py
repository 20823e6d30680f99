"""The Open Inference Protocol, version 2, as JSON or with binary tensors.

Either one input per column, of shape [n] or [n, 1], or one numeric input of shape [n, features] in the order
of the model's features. https://github.com/open-inference/open-inference-protocol
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from noria.block import FLOAT
from noria.errors import RequestError
from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.protocols import body, tensors
from noria.gateway.protocols import open_inference_binary as binary
from noria.gateway.protocols.protocol import Content, Headers, Protocol
from noria.gateway.protocols.tensors import Data, Parameters, Tensor
from noria.gateway.schema import Schema

OUTPUT = "predict"
"""The name of the one output."""
MAX_OUTPUTS = 2**16
"""Bytes that the list of wanted outputs may have; there is one output."""
LARGE = 2**20
"""Bytes of JSON from which on its inputs are counted before it is read."""


class _Output(msgspec.Struct, frozen=True):
    name: str
    parameters: Parameters = Parameters()


class _Inference(msgspec.Struct, frozen=True):
    inputs: list[Tensor]
    id: str = ""
    parameters: Parameters | None = None
    outputs: msgspec.Raw = msgspec.Raw()  # a list of _Output


_decoder = msgspec.json.Decoder(_Inference)
_outputs = msgspec.json.Decoder(list[_Output] | None)
_encode = msgspec.json.Encoder().encode


def decode(content: bytes, headers: Headers, schema: Schema) -> Batch:
    """Return the batch of an inference request; its form says whether the output is wanted in binary.

    Raises:
        RequestError: 400, naming the input that is malformed or that the model does not know.
    """
    length = headers.get(binary.LENGTH)
    if length is None:
        request = _read(content, schema)
        data: Sequence[Data] = [each.data or tensors.data_of(each) for each in request.inputs]
    else:
        text, tail = binary.split(content, length)
        request = _read(text, schema)
        data = binary.read(request.inputs, tail)
    return _batch(request, data, schema, _wants_binary(request))


def encode(answer: Answer, form: bool, model: str, schema: Schema) -> Content:
    """Return an inference response with one output named `predict`, FP64, of shape [n] or [n, classes]."""
    outputs = answer.outputs
    shape = [len(outputs), *schema.shape]
    if not form:
        data = [value for row in outputs for value in row] if schema.shape else outputs
        output = {"name": OUTPUT, "shape": shape, "datatype": "FP64", "data": data}
        return Content(_response(answer, model, output))
    values = np.asarray(outputs, FLOAT).tobytes()
    size = {"binary_data_size": len(values)}
    text = _response(answer, model, {"name": OUTPUT, "shape": shape, "datatype": "FP64", "parameters": size})
    line = b"%b: %d\r\n" % (binary.LENGTH, len(text))
    return Content(text + values, b"application/octet-stream", line)


def fail(status: int, message: str) -> Content:
    return Content(_encode({"error": message}))


PROTOCOL = Protocol(name="v2", decode=decode, encode=encode, fail=fail)


def _read(content: bytes, schema: Schema) -> _Inference:
    if len(content) > LARGE and (inputs := content.count(b'"datatype"')) > len(schema.kinds):
        raise RequestError(400, f"inputs: there are {inputs}, and the model has {len(schema.kinds)} columns")
    return body.decode(_decoder, content)


def _batch(request: _Inference, data: Sequence[Data], schema: Schema, form: bool) -> Batch:
    inputs = request.inputs
    if len(inputs) == 1 and tensors.is_table(inputs[0], schema):
        return schema.ordered(tensors.table(inputs[0], data[0], schema.features), request.id, form)
    columns = {
        tensor.name: tensors.column(tensor, values, schema)
        for tensor, values in zip(inputs, data, strict=True)
    }
    if len(columns) < len(inputs):
        raise RequestError(400, "inputs: a name stands there twice")
    return schema.batch(columns, request.id, form)


def _wants_binary(request: _Inference) -> bool:
    wanted = bool(request.parameters and request.parameters.binary_data_output)
    outputs = bytes(request.outputs)
    if not outputs:
        return wanted
    if len(outputs) > MAX_OUTPUTS:
        raise RequestError(400, f"outputs: {len(outputs)} bytes are too many; the model has {OUTPUT!r} alone")
    for output in body.decode(_outputs, outputs) or ():
        if output.name != OUTPUT:
            raise RequestError(400, f"outputs: there is no {output.name[:40]!r}; the model has {OUTPUT!r}")
        if output.parameters.binary_data is not None:
            wanted = output.parameters.binary_data
    return wanted


def _response(answer: Answer, model: str, output: dict[str, Any]) -> bytes:
    return _encode(
        {
            "model_name": model,
            "model_version": str(answer.versions[0]) if answer.versions else "",
            "id": answer.id,
            "outputs": [output],
        }
    )
