"""What a protocol is: pure functions between bytes and batches, and its own form of an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from noria.gateway.answer import Answer
from noria.gateway.batch import Batch
from noria.gateway.http.messages import JSON
from noria.gateway.schema import Schema

Headers = Mapping[bytes, bytes]
"""The headers of a request, their names in lower case."""


class Content(msgspec.Struct, frozen=True):
    """A body with its type; `headers` are whole lines, each with its CRLF."""

    body: bytes
    content_type: bytes = JSON
    headers: bytes = b""


Decode = Callable[[bytes, Headers, Schema], Batch]
"""Return the batch of a body; raise a RequestError (400, 415) that names the field, the column or the row."""
Encode = Callable[[Answer, Any, str, Schema], Content]
"""Return the content for an answer, the form of its batch and the model's name."""
Fail = Callable[[int, str], Content]
"""Return the content for a status and a message."""


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """A prediction protocol. `name` is what its predictions are counted under."""

    name: str
    decode: Decode
    encode: Encode
    fail: Fail
