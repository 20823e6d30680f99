"""The frames between the gateway and a host: length (u32, little-endian), then a msgpack value.

A call is a map of columns. A reply is a pair: the outputs of the rows, None where there is none, and a map
from the number of such a row to what went wrong.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

import msgspec

HEADER = Struct("<I")
Reply = tuple[list[float | list[float] | None], dict[int, str]]

_encode = msgspec.msgpack.Encoder().encode
_calls = msgspec.msgpack.Decoder(dict[str, list[Any]])
_replies = msgspec.msgpack.Decoder(Reply)

decode_call = _calls.decode
decode_reply = _replies.decode


def frame(payload: bytes) -> bytes:
    return HEADER.pack(len(payload)) + payload


def encode_reply(reply: Reply) -> bytes:
    return frame(_encode(reply))
