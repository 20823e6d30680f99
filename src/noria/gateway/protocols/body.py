"""JSON bodies: decoding with an error that names the field."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from noria.errors import RequestError

Scalar = float | int | str | bool | None
"""The values of a cell. NaN and infinities are no JSON; a missing value is null."""

T = TypeVar("T")


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Return the decoded body.

    Raises:
        RequestError: 400, with the place of the first fault.
    """
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(400, f"the body cannot be used: {error}") from None
