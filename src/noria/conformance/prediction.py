"""A server's answer to an inference request, as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose, prod
from typing import Any

import msgspec

from noria.conformance.check import Failed, Skipped
from noria.conformance.client import Answer
from noria.conformance.tensors import flat, unpack

LENGTH = "inference-header-content-length"
"""The header that says where the JSON ends and the binary tensors begin."""


class Output(msgspec.Struct, frozen=True):
    """A tensor of an answer, with its values flat."""

    name: str
    datatype: str
    shape: list[int]
    data: list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The tensors of an answer by name, and the version that answered, or ""."""

    version: str
    outputs: dict[str, Output]


def prediction(answer: Answer) -> Prediction:
    """Return the outputs of an answer, from JSON or from the binary tensors behind it.

    Raises:
        Failed: the status is not 200, or the body is no inference response.
    """
    if answer.status != 200:
        raise Failed(f"{answer.status} {answer.said}")
    length = answer.headers.get(LENGTH)
    if length is not None and not length.isdecimal():
        raise Failed(f"the header {LENGTH} is {length!r}")
    end = int(length) if length else len(answer.body)
    body = Answer(status=200, headers=answer.headers, body=answer.body[:end]).json
    listed = body.get("outputs")
    if not isinstance(listed, list) or not listed:
        raise Failed(f"the answer has no list of outputs: {answer.said}")
    outputs, rest = [], answer.body[end:]
    for told in listed:
        output, rest = _output(told, rest)
        outputs.append(output)
    return Prediction(
        version=str(body.get("model_version", "")), outputs={output.name: output for output in outputs}
    )


def agree(one: Prediction, other: Prediction, rows: int) -> str:
    """Return a sentence on the first rows of two answers being the same.

    Raises:
        Failed: they differ. Skipped: two versions answered.
    """
    if one.version != other.version:
        raise Skipped(f"version {one.version} answered, then version {other.version}")
    for name, output in one.outputs.items():
        if name not in other.outputs:
            raise Failed(f"{name}: it is in one of two answers only")
        first, second = _rows(output, rows), _rows(other.outputs[name], rows)
        if len(first) != len(second) or not all(map(_same, first, second)):
            raise Failed(f"{name}: {first[:3]} became {second[:3]}")
    return f"the same {', '.join(one.outputs)}"


def _output(told: Any, rest: bytes) -> tuple[Output, bytes]:
    """Return an output, and the binary tensors that are not its own."""
    binary = isinstance(told, dict) and (told.get("parameters") or {}).get("binary_data_size")
    try:
        if isinstance(binary, int):
            told = told | {"data": unpack(told.get("datatype"), rest[:binary])}
            rest = rest[binary:]
        output = msgspec.convert(told, Output)
    except msgspec.ValidationError as error:
        raise Failed(f"an output is not as it should be: {error}") from None
    output = msgspec.structs.replace(output, data=flat(output.data))
    if len(output.data) != prod(output.shape):
        raise Failed(f"{output.name}: {len(output.data)} values, and its shape is {output.shape}")
    return output, rest


def _rows(output: Output, rows: int) -> Sequence[Any]:
    return output.data[: rows * prod(output.shape[1:])]


def _same(one: Any, other: Any) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    return isclose(one, other, rel_tol=1e-6, abs_tol=1e-9) if numbers else one == other
