"""The binary extension of the Open Inference Protocol: JSON, and then the raw bytes of the tensors.

https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

from __future__ import annotations

import struct

import numpy as np

from noria.errors import RequestError
from noria.gateway.protocols import tensors
from noria.gateway.protocols.tensors import DTYPES, Data, Tensor, fault

LENGTH = b"inference-header-content-length"


def split(content: bytes, length: bytes) -> tuple[bytes, memoryview]:
    """Return the JSON of a body, which has the length that the header says, and the bytes behind it.

    Raises:
        RequestError: 400, the header is no number, or beyond the body.
    """
    size = int(length) if length.isdigit() and len(length) < 20 else -1
    if not 0 <= size <= len(content):
        found = length[:20].decode("latin-1")
        raise RequestError(400, f"Inference-Header-Content-Length: 0 to {len(content)}, not {found!r}")
    return content[:size], memoryview(content)[size:]


def read(inputs: list[Tensor], tail: memoryview) -> list[Data]:
    """Return the data of all inputs: those of a size lie in `tail`, in their order.

    Raises:
        RequestError: 400, naming the input whose size or content is wrong, or bytes are left over.
    """
    found: list[Data] = []
    start = 0
    for tensor in inputs:
        size = tensor.parameters.binary_data_size if tensor.parameters else None
        if size is None:
            found.append(tensors.data_of(tensor))
            continue
        if tensor.data is not None:
            raise fault(tensor, "has data and binary_data_size; send one of them")
        if not 0 <= size <= len(tail) - start:
            raise fault(tensor, f"binary_data_size is {size}, and {len(tail) - start} bytes are left")
        found.append(_values(tensor, tail[start : start + size]))
        start += size
    if start < len(tail):
        raise RequestError(400, f"the body has {len(tail) - start} bytes behind its last input")
    return found


def _values(tensor: Tensor, content: memoryview) -> Data:
    if tensor.datatype == "BYTES":
        return _texts(tensor, content)
    dtype = DTYPES.get(tensor.datatype)
    if dtype is None:
        raise fault(tensor, f"the datatype {tensor.datatype[:20]!r} is none of {', '.join(DTYPES)}, BYTES")
    if len(content) % np.dtype(dtype).itemsize:
        raise fault(tensor, f"{len(content)} bytes are no whole number of {tensor.datatype}")
    return np.frombuffer(content, dtype)


def _texts(tensor: Tensor, content: memoryview) -> list[str]:
    """Return the texts of a BYTES tensor: each is its length (u32, little-endian) and UTF-8."""
    texts: list[str] = []
    start = 0
    try:
        while start < len(content):
            (size,) = struct.unpack_from("<I", content, start)
            start += 4 + size
            if start > len(content):
                raise fault(tensor, f"value {len(texts)} says {size} bytes, and its data end before")
            texts.append(str(content[start - size : start], "utf-8"))
    except struct.error:
        raise fault(tensor, f"value {len(texts)} lacks its length of 4 bytes") from None
    except UnicodeDecodeError:
        raise fault(tensor, f"value {len(texts)} is no UTF-8") from None
    return texts
