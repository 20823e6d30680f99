"""Checks of extensions: whoever declares one has to keep to it.

They are Triton's: https://github.com/triton-inference-server/server/tree/main/docs/protocol
"""

from __future__ import annotations

from typing import Any

import msgspec

from noria.conformance.check import Failed, Skipped, optional, required
from noria.conformance.client import Answer
from noria.conformance.prediction import LENGTH, agree, prediction
from noria.conformance.refusals import refused
from noria.conformance.target import Target
from noria.conformance.tensors import pack

BINARY = "binary_tensor_data"


@required
def binary_input(target: Target) -> str:
    """ "binary_data_size" indicates that the input tensor is communicated as binary data."""
    request = _request(target)
    return agree(target.predict(target.request(2)), prediction(_send(target, *_split(request))), rows=2)


@required
def binary_output(target: Target) -> str:
    """ "binary_data_output": all outputs should be returned as binary data."""
    request = _request(target)
    answer = target.infer({**request, "parameters": {"binary_data_output": True}})
    plain = target.predict(request)
    _is_binary(answer, True)
    return agree(plain, prediction(answer), rows=2)


@required
def binary_output_by_name(target: Target) -> str:
    """ "binary_data": if it is specified on an output it overrides "binary_data_output"."""
    request, plain = _request(target), target.predict(target.request(2))
    names = list(plain.outputs)
    for of_all, of_each in ((False, True), (True, False)):
        outputs = [{"name": name, "parameters": {"binary_data": of_each}} for name in names]
        answer = target.infer({**request, "parameters": {"binary_data_output": of_all}, "outputs": outputs})
        _is_binary(answer, of_each)
        agree(plain, prediction(answer), rows=2)
    return f"{', '.join(names)}, binary and not"


@required
def binary_too_short(target: Target) -> str:
    """ "binary_data_size": the size of the tensor binary data, in bytes."""
    header, tensors = _split(_request(target))
    return refused(_send(target, header, tensors[:-1]))


@required
def binary_length_too_long(target: Target) -> str:
    """The Inference-Header-Content-Length header must give the length of the JSON object."""
    header, tensors = _split(_request(target))
    return refused(_send(target, header, tensors, length=len(header) + len(tensors) + 1))


@required
def configuration(target: Target) -> str:
    """The model configuration extension returns the configuration by GET: "name" is the model's."""
    _declared(target, "model_configuration")
    name = _read(target, "/config").get("name")
    if name != target.model:
        raise Failed(f"the name is {name!r}")
    return "200"


@required
def statistics(target: Target) -> str:
    """The statistics extension returns "model_stats", a list with the model's name and what it has served."""
    _declared(target, "statistics")
    stats = _read(target, "/stats").get("model_stats")
    if not isinstance(stats, list) or not stats or stats[0].get("name") != target.model:
        raise Failed(f"model_stats is {stats!r}")
    return f"{stats[0].get('inference_count')} inferences"


@optional
def repository_index(target: Target) -> str:
    """The model repository extension lists the models by name: POST v2/repository/index."""
    answer = target.client.ask("POST", "/v2/repository/index", {})
    if answer.status != 200 or not answer.body.lstrip().startswith(b"["):
        raise Failed(f"{answer.status} {answer.said}")
    names = [model.get("name") for model in msgspec.json.decode(answer.body, type=list[dict[str, Any]])]
    if target.model not in names:
        raise Failed(f"{target.model} is not among {names}")
    return ", ".join(map(str, names))


CHECKS = (
    binary_input, binary_output, binary_output_by_name, binary_too_short, binary_length_too_long,
    configuration, statistics, repository_index,
)  # fmt: skip


def _declared(target: Target, extension: str) -> None:
    if extension not in target.extensions:
        raise Skipped(f"the server does not declare {extension}")


def _read(target: Target, verb: str) -> dict[str, Any]:
    answer = target.client.ask("GET", target.path(verb))
    if answer.status != 200:
        raise Failed(f"{answer.status} {answer.said}")
    return answer.json


def _request(target: Target) -> dict[str, Any]:
    """Return a request of two rows, if the server declares binary tensors."""
    _declared(target, BINARY)
    return target.request(2)


def _split(request: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return the JSON of a request, and its tensors as binary data."""
    tensors = [pack(tensor["datatype"], tensor["data"]) for tensor in request["inputs"]]
    inputs = [
        {name: value for name, value in tensor.items() if name != "data"}
        | {"parameters": {"binary_data_size": len(content)}}
        for tensor, content in zip(request["inputs"], tensors, strict=True)
    ]
    return msgspec.json.encode({"inputs": inputs}), b"".join(tensors)


def _send(target: Target, header: bytes, tensors: bytes, length: int = 0) -> Answer:
    length = length or len(header)
    headers = {LENGTH: str(length), "content_type": "application/octet-stream"}
    return target.infer(header + tensors, **headers)


def _is_binary(answer: Answer, wanted: bool) -> None:
    if answer.status == 200 and (LENGTH in answer.headers) != wanted:
        raise Failed(f"binary data were {'' if wanted else 'not '}asked for: {answer.said}")
