"""Rows on their way to a model, column by column.

A column that came as JSON stays a list: its values are Python objects already, and for the few rows of a
request a list is made, cut and joined faster than an array. One that came as bytes is an array from the
start. Numbers become bytes once for a whole micro-batch.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

import msgspec
import numpy as np

from noria.block import FLOAT, Block, Column


class Batch(msgspec.Struct, frozen=True):
    """Rows of one request: `columns[i]` holds the values of `names[i]`, see `Column`.

    `id` is the request's id as its protocol carries it, or ""; `form` is what the protocol's
    encoder has to know of the request, and nobody else looks at.
    """

    names: tuple[str, ...]
    columns: Sequence[Column]
    rows: int
    id: str = ""
    form: Any = None

    def column(self, name: str) -> list[Any] | None:
        """Return the values of a column as a list, or None when it was not sent."""
        return _listed(self.columns[self.names.index(name)]) if name in self.names else None


def take(batch: Batch, rows: Sequence[int]) -> Batch:
    """Return the given rows of a batch, in the given order."""
    columns = [
        column[rows] if isinstance(column, np.ndarray) else [column[row] for row in rows]
        for column in batch.columns
    ]
    return Batch(batch.names, columns, len(rows), batch.id)


def join(batches: Sequence[Batch], numbers: frozenset[str]) -> Block:
    """Return the columns of all rows, batch after batch; a column that a batch lacks is missing there.

    `numbers` are the columns that hold numbers alone. Should one hold something else, because a version
    sees it in another way, no column is packed, and the model says what is wrong.
    """
    names = batches[0].names
    if any(batch.names != names for batch in batches):
        names = tuple(dict.fromkeys(chain.from_iterable(batch.names for batch in batches)))
        batches = [_with(batch, names) for batch in batches]
    rows = sum([batch.rows for batch in batches])
    columns = dict(zip(names, zip(*[batch.columns for batch in batches], strict=True), strict=True))
    others = {name: columns.pop(name) for name in names if name not in numbers}
    try:
        values = _packed(columns.values(), rows)
    except ValueError:
        return join(batches, frozenset())
    lists = {name: list(chain.from_iterable(map(_listed, parts))) for name, parts in others.items()}
    return Block(rows, tuple(columns), values, lists)


def _with(batch: Batch, names: tuple[str, ...]) -> Batch:
    own = dict(zip(batch.names, batch.columns, strict=True))
    missing = [None] * batch.rows
    return Batch(names, [own.get(name, missing) for name in names], batch.rows)


def _packed(columns: Collection[Sequence[Column]], rows: int) -> bytes:
    """Return the values of all columns as FLOAT; each column comes in parts.

    Raises:
        ValueError: a value is no number.
    """
    parts = list(chain.from_iterable(columns))
    if parts and type(parts[0]) is list:
        with suppress(struct.error):  # a None among them: too rare for a look at every value
            return struct.pack(f"<{rows * len(columns)}d", *chain.from_iterable(parts))
    return b"".join(np.asarray(part, FLOAT).tobytes() for part in parts)


def _listed(column: Column) -> list[Any]:
    return column.tolist() if isinstance(column, np.ndarray) else column
