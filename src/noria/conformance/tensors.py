"""Tensors of Open Inference v2: what a model declares, examples of it, and their binary form."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod
from typing import Any

import msgspec

from noria.conformance.check import Failed, Skipped

FORMATS = {
    "BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h",
    "INT32": "i", "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d",
}  # fmt: skip
"""How `struct` names the specification's datatypes; BYTES has no fixed size."""
DATATYPES = (*FORMATS, "BYTES")
_LENGTH = struct.Struct("<I")


class Tensor(msgspec.Struct, frozen=True):
    """An input or an output as the model's metadata declare it; -1 is a dimension of any size."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    @property
    def batched(self) -> bool:
        """Return whether the first dimension counts the rows."""
        return bool(self.shape) and self.shape[0] == -1

    def sized(self, rows: int) -> list[int]:
        """Return a shape with that many rows, if it may have any number; other open dimensions are 1."""
        first = rows if self.batched else 1
        return [(first if place == 0 else 1) if size == -1 else size for place, size in enumerate(self.shape)]


def example(tensor: Tensor, rows: int) -> dict[str, Any]:
    """Return an input for a request; the first row is the same however many follow.

    Raises:
        Skipped: the datatype has no form in JSON.
    """
    shape = tensor.sized(rows)
    if tensor.datatype not in DATATYPES:
        raise Skipped(f"{tensor.name}: no values are known for the datatype {tensor.datatype}")
    data = [_value(tensor.datatype, place) for place in range(prod(shape))]
    return {"name": tensor.name, "shape": shape, "datatype": tensor.datatype, "data": data}


def nested(data: Sequence[Any], shape: Sequence[int]) -> list[Any]:
    """Return flat values as lists in lists, row-major."""
    if len(shape) < 2:
        return list(data)
    step = prod(shape[1:])
    return [nested(data[start : start + step], shape[1:]) for start in range(0, len(data), step)]


def flat(data: Any) -> list[Any]:
    """Return the values of lists in lists, row-major."""
    if not isinstance(data, list):
        return [data]
    return [value for part in data for value in flat(part)]


def pack(datatype: str, values: Sequence[Any]) -> bytes:
    """Return the values little-endian, each BYTES value after its length of 4 bytes."""
    if datatype == "BYTES":
        return b"".join(_LENGTH.pack(len(text.encode())) + text.encode() for text in values)
    return struct.pack(f"<{len(values)}{FORMATS[datatype]}", *values)


def unpack(datatype: str, content: bytes) -> list[Any]:
    """Return the values of a binary tensor.

    Raises:
        Failed: the bytes do not hold values of this datatype.
    """
    try:
        if datatype == "BYTES":
            return list(_texts(content))
        return [value for (value,) in struct.iter_unpack(f"<{FORMATS[datatype]}", content)]
    except (struct.error, KeyError, UnicodeDecodeError):
        raise Failed(f"{len(content)} bytes are no binary tensor of {datatype}") from None


def _texts(content: bytes) -> Any:
    place = 0
    while place < len(content):
        (length,) = _LENGTH.unpack_from(content, place)
        place += 4 + length
        yield content[place - length : place].decode()


def _value(datatype: str, place: int) -> Any:
    number = 3 * place % 10
    if datatype == "BYTES":
        return "abc"[number % 3]
    if datatype == "BOOL":
        return number % 2 == 0
    return number / 8 if datatype.startswith("FP") else number
