"""CSV with a header, in UTF-8: the first line names the columns, an empty cell is a missing value."""

from __future__ import annotations

import csv
import io
from math import isfinite

from noria.errors import RequestError
from noria.gateway.batch import Batch
from noria.gateway.schema import Schema

_WORDS = {"": None, "nan": None, "true": 1.0, "false": 0.0}


def decode(content: bytes, schema: Schema) -> Batch:
    """Return the batch of a table.

    Raises:
        RequestError: 400, naming the line or the column.
    """
    try:
        lines = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise RequestError(400, f"the body cannot be used: {error}") from None
    rows = [line for line in lines[1:] if line]
    names = lines[0] if lines else []
    if len(set(names)) < len(names):
        raise RequestError(400, "the first line names the columns, and a name stands there twice")
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise RequestError(400, f"row {number} has {len(row)} values, and there are {len(names)} columns")
    cells = zip(*rows, strict=True) if rows else [()] * len(names)
    columns = dict(zip(names, cells, strict=True))
    return schema.batch({name: _values(name, texts, schema) for name, texts in columns.items()})


def _values(name: str, texts: tuple[str, ...], schema: Schema) -> list[float | None] | list[str | None]:
    if schema.kinds.get(name) != "number":
        return [text or None for text in texts]
    return [_number(name, row, text) for row, text in enumerate(texts)]


def _number(name: str, row: int, text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        number = None
    if number is not None and isfinite(number):
        return number
    word = text.strip().lower()
    if word not in _WORDS:
        raise RequestError(400, f"{name!r}: row {row} has {text[:40]!r}, and it is a number")
    return _WORDS[word]
