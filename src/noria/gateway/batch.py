"""Rows on their way to a model, column by column.

Columns are plain lists: a value that came as JSON is a Python object already, and for the few rows of a
request a list is made, cut and joined faster than an array. The host makes arrays of a whole micro-batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import msgspec


class Batch(msgspec.Struct, frozen=True):
    """Rows of one request: `columns[i]` holds the values of `names[i]`; None is a missing value.

    `id` is the request's id as its protocol carries it, or ""; `form` is what the protocol's
    encoder has to know of the request, and nobody else looks at.
    """

    names: tuple[str, ...]
    columns: list[list[Any]]
    rows: int
    id: str = ""
    form: Any = None

    def column(self, name: str) -> list[Any] | None:
        """Return the values of a column, or None when it was not sent."""
        return self.columns[self.names.index(name)] if name in self.names else None


def take(batch: Batch, rows: Sequence[int]) -> Batch:
    """Return the given rows of a batch, in the given order."""
    columns = [[column[row] for row in rows] for column in batch.columns]
    return Batch(batch.names, columns, len(rows), batch.id)


def join(batches: Sequence[Batch]) -> dict[str, list[Any]]:
    """Return the columns of all rows, batch after batch; a column that a batch lacks is missing there."""
    first = batches[0]
    if len(batches) == 1:
        return dict(zip(first.names, first.columns, strict=True))
    if any(batch.names != first.names for batch in batches):
        return _join_unlike(batches)
    parts = zip(*(batch.columns for batch in batches), strict=True)
    return {name: list(chain.from_iterable(part)) for name, part in zip(first.names, parts, strict=True)}


def _join_unlike(batches: Sequence[Batch]) -> dict[str, list[Any]]:
    names = dict.fromkeys(chain.from_iterable(batch.names for batch in batches))
    return {
        name: list(chain.from_iterable(batch.column(name) or [None] * batch.rows for batch in batches))
        for name in names
    }
