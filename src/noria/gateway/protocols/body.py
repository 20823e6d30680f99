"""JSON bodies: decoding with an error that names the field."""

from __future__ import annotations

from typing import Any, TypeVar

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


def transpose(rows: list[list[Any]], names: tuple[str, ...]) -> dict[str, list[Any]]:
    """Return the columns of a table whose rows hold the values of `names`.

    Raises:
        RequestError: 400, naming the first row of another length.
    """
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise RequestError(400, f"row {number} has {len(row)} values, and there are {len(names)} columns")
    return (
        dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)) if rows else {n: [] for n in names}
    )
