"""Independent rows: histograms drawn directly, so that ten million cost as much as a thousand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from benchmarks.still.weeks import day_of
from noria.core.profile.grid import Bins, Grid, category_bins, number_bins
from noria.core.profile.profile import Profile, empty
from noria.core.profile.reference import Reference
from noria.monitor.day import Day

FIRST = date(2013, 1, 7)
DAYS = 60
"""Days of the reference, and days that are watched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """`features` columns; `learnt` rows on a day of the reference, and `rows` on one that is watched."""

    features: int
    rows: int
    learnt: int
    days: int = DAYS

    def draw(self, seed: int) -> Iterator[Day]:
        """Yield the days that are watched."""
        dice = np.random.default_rng(seed)
        grid = Grid(columns={f"x{number}": _bins(number) for number in range(self.features)})
        truth = [_truth(bins, dice) for bins in grid.columns.values()]
        dates = [FIRST + timedelta(days=number) for number in range(2 * self.days)]
        blocks = {str(day): _profile(grid, truth, self.learnt, dice) for day in dates[: self.days]}
        reference = Reference(grid=grid, blocks=blocks)
        for day in dates[self.days :]:
            yield day_of(reference, _profile(grid, truth, self.rows, dice), day)


def _bins(number: int) -> Bins:
    """Return, in turn: 64 bins of numbers, 5 categories, 10 bins of numbers, 300 categories."""
    kinds = (64, "c5", 10, "c300")
    kind = kinds[number % len(kinds)]
    if isinstance(kind, int):
        return number_bins(np.arange(float(kind)), [float(edge) for edge in range(kind - 1)])
    return category_bins({f"{name:03}": 1 for name in range(int(kind[1:]))})


def _truth(bins: Bins, dice: np.random.Generator) -> np.ndarray:
    """Return the chance of each bin: equal for numbers, some rare for categories, none for unseen ones."""
    if not hasattr(bins, "categories"):
        return np.full(bins.size, 1 / bins.size)
    return np.append(dice.dirichlet(np.ones(bins.size - 1)), 0.0)


def _profile(grid: Grid, truth: list[np.ndarray], rows: int, dice: np.random.Generator) -> Profile:
    counts = np.concatenate([dice.multinomial(rows, chances) for chances in truth])
    tallies = np.zeros((len(grid.columns), 4), np.int64)
    tallies[:, 0] = rows
    return replace(empty(grid), tallies=tallies, counts=counts)
