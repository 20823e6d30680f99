"""Columns as bytes: what a micro-batch looks like on its way to a model, and in the log."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

FLOAT = np.dtype("<f8")
"""How numbers are kept: float64, little-endian."""

Column = list[Any] | NDArray[np.float64]
"""The values of a column: a list, in which None is missing, or an array, in which NaN is."""


class Block(msgspec.Struct, frozen=True):
    """The columns of some rows.

    `values` are those of the columns named in `numbers`, column after column, as FLOAT; NaN is missing.
    `others` are the columns that may hold anything else.
    """

    rows: int
    numbers: tuple[str, ...]
    values: bytes
    others: dict[str, list[Any]]

    def __post_init__(self) -> None:
        if len(self.values) != FLOAT.itemsize * self.rows * len(self.numbers):
            raise ValueError(f"{len(self.numbers)} columns of {self.rows} numbers are of another size")
        if any(len(column) != self.rows for column in self.others.values()):
            raise ValueError(f"a column has not {self.rows} values")

    def columns(self) -> dict[str, Column]:
        """Return every column by name; arrays are views of `values`, and cannot be written to."""
        table = np.frombuffer(self.values, FLOAT).reshape(len(self.numbers), self.rows)
        return dict(zip(self.numbers, table, strict=True)) | self.others
