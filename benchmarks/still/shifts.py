"""Columns of independent numbers, one of which moves from some day on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.still.streams import FIRST
from benchmarks.still.weeks import day_of
from noria.core.profile.reference import Reference
from noria.monitor.day import Day
from noria.monitor.profiling import profile
from noria.monitor.reference import grid_of

COLUMNS, ROWS = 10, 1_000
LEARNT, BEFORE, AFTER = 60, 30, 30
"""Days that are learnt from, days that are watched before the shift, and days after it."""
SHIFTED = "x0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifting:
    """The days of a stream without a shift; `values` has the shape (columns, days, rows)."""

    values: NDArray[np.float64]

    def reference(self) -> Reference:
        """Return what is learnt from the first days."""
        first = [self._frame(day, 0.0) for day in range(LEARNT)]
        grid = grid_of(pl.concat(first), dict.fromkeys(first[0].columns, "number"))
        dates = [str(FIRST + timedelta(days=day)) for day in range(LEARNT)]
        blocks = {day: profile(rows, grid) for day, rows in zip(dates, first, strict=True)}
        return Reference(grid=grid, blocks=blocks)

    def watched(self, reference: Reference, size: float) -> Iterator[Day]:
        """Yield the days after a shift of `size` standard deviations; if it is 0, those before it."""
        begin, count = (LEARNT + BEFORE, AFTER) if size else (LEARNT, BEFORE)
        for day in range(begin, begin + count):
            seen = profile(self._frame(day, size), reference.grid)
            yield day_of(reference, seen, FIRST + timedelta(days=day))

    def shifted(self, size: float) -> NDArray[np.float64]:
        """Return the values of the column that moves, from then on; shape (days, rows)."""
        after: NDArray[np.float64] = self.values[0, LEARNT + BEFORE :] + size
        return after

    def _frame(self, day: int, size: float) -> pl.DataFrame:
        columns = {f"x{number}": column[day] for number, column in enumerate(self.values)}
        return pl.DataFrame({**columns, SHIFTED: columns[SHIFTED] + size})


def drawn(seed: int) -> Shifting:
    """Return the stream of a seed."""
    shape = (COLUMNS, LEARNT + BEFORE + AFTER, ROWS)
    return Shifting(values=np.random.default_rng(seed).normal(size=shape))
