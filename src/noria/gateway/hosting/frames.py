"""The frames between the gateway and a host: length (u32, little-endian), then a msgpack value.

A call is a `Block`, an answer a `Reply`.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

import msgspec
import numpy as np

from noria.block import FLOAT, Block

HEADER = Struct("<I")


class Reply(msgspec.Struct, frozen=True):
    """The outputs of the rows as FLOAT; a row has `width` of them, or, where that is 0, a single number.

    `errors` says what went wrong, by the number of the row; such a row's outputs mean nothing.
    """

    outputs: bytes
    width: int
    errors: dict[int, str]

    def values(self) -> list[Any]:
        """Return the output of each row: a number, or a list of `width` numbers."""
        flat = np.frombuffer(self.outputs, FLOAT)
        values: list[Any] = (flat.reshape(-1, self.width) if self.width else flat).tolist()
        return values

    def part(self, start: int, stop: int) -> bytes:
        """Return the outputs of the rows from `start` to before `stop`."""
        size = FLOAT.itemsize * (self.width or 1)
        return self.outputs[start * size : stop * size]


_encode = msgspec.msgpack.Encoder().encode

encode_call = _encode
decode_call = msgspec.msgpack.Decoder(Block).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode


def frame(payload: bytes) -> bytes:
    return HEADER.pack(len(payload)) + payload


def encode_reply(reply: Reply) -> bytes:
    return frame(_encode(reply))
