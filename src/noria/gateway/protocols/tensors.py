"""The tensors of the Open Inference Protocol: as JSON, flat or nested, and as the columns that they mean."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from noria.errors import RequestError
from noria.gateway.protocols.body import Scalar
from noria.gateway.schema import Schema

DTYPES = {
    "BOOL": "?",
    "UINT8": "u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "INT8": "i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
}
"""The datatypes of numbers, and how their bytes are read; the other one is BYTES, for text."""
_DATATYPES = {"number": DTYPES.keys(), "category": {"BYTES"}, "any": {*DTYPES, "BYTES"}}


class Parameters(msgspec.Struct, frozen=True):
    """The parameters that noria knows, of requests, inputs and outputs; others are passed over.

    Of the content types, these are known; the shape of an input says the rest.
    """

    content_type: Literal["pd", "np", "str"] | None = None
    binary_data_size: int | None = None
    binary_data: bool | None = None
    binary_data_output: bool = False


class Tensor(msgspec.Struct, frozen=True):
    """An input. `data` is a list, flat or nested, or what was read from bytes: a flat array or list."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Scalar | list[Scalar]] | None = None
    parameters: Parameters | None = None


Data = list[Any] | NDArray[Any]


def data_of(tensor: Tensor) -> list[Any]:
    """Return the data of an input that stand in the JSON.

    Raises:
        RequestError: 400, there are none.
    """
    if tensor.data is None:
        raise fault(tensor, "has no data, neither in the JSON nor behind it by binary_data_size")
    return tensor.data


def is_table(tensor: Tensor, schema: Schema) -> bool:
    """Say whether an input that came alone holds all features, [rows, features], and is no column."""
    return len(tensor.shape) == 2 and (tensor.name not in schema.kinds or tensor.shape[1] != 1)


def table(tensor: Tensor, data: Data, features: tuple[str, ...]) -> list[list[Any]] | NDArray[np.float64]:
    """Return the columns of a numeric input of shape [rows, features]: lists, or an array [features, rows].

    Raises:
        RequestError: 400, naming the input: its datatype, shape or data do not fit.
    """
    rows, width = tensor.shape
    if tensor.datatype not in DTYPES:
        raise fault(tensor, f"a table of shape {_shape(tensor)} holds numbers, not {tensor.datatype[:20]}")
    if width != len(features):
        raise fault(
            tensor, f"has {str(width)[:40]} columns, and the model has {len(features)}: {', '.join(features)}"
        )
    if isinstance(data, np.ndarray):
        _check_size(tensor, data, rows * width)
        return np.array(data.reshape(rows, width).T, dtype=np.float64, order="C")
    if data and type(data[0]) is list:
        if len(data) != rows or any(type(row) is not list or len(row) != width for row in data):
            raise fault(tensor, f"its data are neither flat nor of the shape {_shape(tensor)}")
        return list(map(list, zip(*data, strict=True)))
    _check_size(tensor, data, rows * width)
    if rows == 1:  # the most frequent request by far
        return [[value] for value in data]
    return [data[index::width] for index in range(width)]


def column(tensor: Tensor, data: Data, schema: Schema) -> Data:
    """Return the values of an input of shape [n] or [n, 1].

    Raises:
        RequestError: 400, naming the input: its datatype, shape or data do not fit.
    """
    shape = tensor.shape
    if tensor.datatype not in _DATATYPES[schema.kinds.get(tensor.name, "any")]:
        raise _wrong_datatype(tensor, schema)
    if len(shape) == 1 and shape[0] == len(data) > 0 and type(data[0]) is not list:
        return data
    if len(shape) != 1 and (len(shape) != 2 or shape[1] != 1):
        raise fault(tensor, f"a column has the shape [n] or [n, 1], not {_shape(tensor)}")
    if isinstance(data, list) and data and type(data[0]) is list:
        if any(type(row) is not list or len(row) != 1 for row in data):
            raise fault(tensor, "its data are neither flat nor rows of one value")
        data = [row[0] for row in data]
    _check_size(tensor, data, shape[0])
    return data


def fault(tensor: Tensor, what: str) -> RequestError:
    return RequestError(400, f"{tensor.name[:80]!r}: {what}")


def _check_size(tensor: Tensor, data: Data, size: int) -> None:
    if len(data) != size:
        raise fault(tensor, f"has {len(data)} values, and its shape {_shape(tensor)} means {str(size)[:40]}")


def _shape(tensor: Tensor) -> str:
    text = str(tensor.shape[:3])
    return text if len(text) <= 80 and len(tensor.shape) <= 3 else f"{text[:80]}…"


def _wrong_datatype(tensor: Tensor, schema: Schema) -> RequestError:
    kind = schema.kinds.get(tensor.name, "any")
    allowed = ", ".join(sorted(_DATATYPES[kind]))
    return fault(tensor, f"the datatype {tensor.datatype[:20]!r} is none of {allowed}")
