"""Where the values of each column are counted: bins cut at the reference's quantiles, or its categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256

import msgspec
import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

BINS = 64
"""How many edges a column of numbers has at most: 520 bytes of counts, exact enough for what is compared."""
CATEGORIES = 1000
"""Categories that are counted one by one; of a column with more, the rarer ones are counted together."""


class NumberBins(msgspec.Struct, frozen=True, tag="number"):
    """Bin i holds what is above edge i-1 and at most edge i. The reference lay between `low` and `high`."""

    edges: tuple[float, ...]
    low: float
    high: float

    @property
    def size(self) -> int:
        return len(self.edges) + 1

    def place(self, values: Numbers) -> Whole:
        """Return the bin of each value, none of them NaN; shape (n,)."""
        return np.searchsorted(self.edges, values, side="left")

    def outside(self, values: Numbers) -> NDArray[np.bool_]:
        """Return which of the values the reference never came to; shape (n,)."""
        return (values < self.low) | (values > self.high)


class CategoryBins(msgspec.Struct, frozen=True, tag="category", dict=True):
    """Bin i holds the category i; the last bin all others, which the reference did not have if `complete`."""

    categories: tuple[str, ...]
    complete: bool = True

    @property
    def size(self) -> int:
        return len(self.categories) + 1

    def place(self, values: Sequence[str]) -> Whole:
        """Return the bin of each value; shape (n,)."""
        last = len(self.categories)
        return np.fromiter((self._places.get(value, last) for value in values), np.int64, len(values))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {category: place for place, category in enumerate(self.categories)}


Bins = NumberBins | CategoryBins


class Grid(msgspec.Struct, frozen=True, dict=True):
    """The bins of each column, in an order that holds for every profile on this grid."""

    columns: dict[str, Bins]

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Where the counts of each column stand among those of all."""
        ends = np.cumsum([bins.size for bins in self.columns.values()]).tolist()
        return {
            name: slice(end - bins.size, end)
            for (name, bins), end in zip(self.columns.items(), ends, strict=True)
        }

    @cached_property
    def size(self) -> int:
        """The number of bins of all columns together."""
        return sum(bins.size for bins in self.columns.values())

    @cached_property
    def rows(self) -> dict[str, int]:
        """The number of each column, in the tallies of a profile."""
        return {name: number for number, name in enumerate(self.columns)}

    @cached_property
    def digest(self) -> str:
        """A name that only grids with the same bins share (SHA-256, hex)."""
        return sha256(msgspec.msgpack.encode(self)).hexdigest()


def number_bins(values: Numbers, edges: Sequence[float] | None = None) -> NumberBins:
    """Return bins for numbers like these finite ones, shape (n,): cut at their quantiles, or at `edges`."""
    if not len(values):
        return NumberBins(edges=tuple(edges or ()), low=-np.inf, high=np.inf)
    if edges is None:
        cuts = np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1], method="inverted_cdf")
        edges = np.unique(cuts).tolist()
    return NumberBins(edges=tuple(edges), low=float(values.min()), high=float(values.max()))


def category_bins(counts: Mapping[str, int]) -> CategoryBins:
    """Return a bin for each of these categories, of which the reference had so many."""
    kept = sorted(counts, key=lambda category: (-counts[category], category))[:CATEGORIES]
    return CategoryBins(categories=tuple(sorted(kept)), complete=len(kept) == len(counts))
