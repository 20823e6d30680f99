"""How unlike the rows that a model learnt from a row is: how rare its values are.

The cost of a value is -log P, where P is the share of the reference that is at least as far out on the nearer
side (ECOD: Li et al. 2022, arXiv 2201.00382, as its authors' PyOD computes it); of a category, or of a value
that is missing, P is its own share. Beyond all that the reference has, P is taken to fall with the inverse of
the distance, as slowly as heavy tails do. ECOD adds the costs of a row up. Where columns go together, such as
all the weather of an hour that nobody recorded, that hides a single absurd value: so the largest counts too.
Columns are looked at one by one: a score says which of them made it, and a few hundred numbers tell it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from math import log, log1p, log2
from typing import Any

import msgspec
import numpy as np

from noria.core.profile.grid import CATEGORIES, Numbers

RATE = 1e-3
"""The share of ordinary rows whose score is above the limit, and that count as outliers."""
STRETCHES = 5
"""Parts of the reference that are each scored by what the others are like."""
FEW = 64
"""Values that are looked up one by one: an array pays only for more."""

Values = Sequence[Any] | Numbers
"""The values of a column: None, or NaN in an array, is missing."""


class NumberCosts(msgspec.Struct, frozen=True, tag="number"):
    """The -log P of numbers: `costs[i]` for what is above edge i-1 and at most edge i.

    The edges halve what is left of both tails, so that a cost is exact to log 2 however far out. The first
    and the last cell hold what is below `low` and above `high`, where the reference never came to: there the
    cost grows with the distance.
    """

    low: float
    high: float
    edges: tuple[float, ...]
    costs: tuple[float, ...]
    missing: float

    def of(self, values: Values) -> Sequence[float] | Numbers:
        """Return the cost of each value; shape (n,)."""
        if len(values) <= FEW:
            return [self._of(value) for value in values]
        numbers = np.asarray(values, np.float64)
        found = np.array(self.costs)[np.searchsorted(self.edges, numbers, side="left")]
        beyond = np.maximum(np.maximum(self.low - numbers, numbers - self.high), 0.0)
        return np.where(np.isnan(numbers), self.missing, found + np.log1p(beyond / self._spread))

    def _of(self, value: float | None) -> float:
        if value is None or value != value:
            return self.missing
        cost = self.costs[bisect_left(self.edges, value)]
        if self.low <= value <= self.high:
            return cost
        return cost + log1p(max(self.low - value, value - self.high) / self._spread)

    @property
    def _spread(self) -> float:
        """Half the range, or the number that stood alone, or 1."""
        return (self.high - self.low) / 2 or abs(self.high) or 1.0


class CategoryCosts(msgspec.Struct, frozen=True, tag="category"):
    """The -log P of categories; `unseen` is the cost of any other."""

    costs: dict[str, float]
    unseen: float
    missing: float

    def of(self, values: Values) -> Sequence[float]:
        """Return the cost of each value; shape (n,)."""
        return [self.missing if value is None else self.costs.get(value, self.unseen) for value in values]


Costs = NumberCosts | CategoryCosts


class Detector(msgspec.Struct, frozen=True):
    """The costs of the values of each column, and the score above which a row is an outlier.

    A score is the sum of a row's costs in units of `together`, or the largest of them in units of `alone`,
    whichever is more. These are what a share of RATE of ordinary rows exceeds, and so is the `limit`.
    """

    columns: dict[str, Costs]
    together: float = 1.0
    alone: float = np.inf
    limit: float = np.inf

    def terms(self, rows: Mapping[str, Values], count: int) -> Numbers:
        """Return what each column adds to the score of each row; shape (count, columns).

        A column that `rows` lacks is missing in each of them.
        """
        nothing = [None] * count
        return np.array([costs.of(rows.get(name, nothing)) for name, costs in self.columns.items()]).T

    def scores(self, rows: Mapping[str, Values], count: int) -> Numbers:
        """Return the score of each row; shape (count,)."""
        return self.score(self.terms(rows, count))

    def score(self, terms: Numbers) -> Numbers:
        """Return the scores of rows whose costs are these, shape (n, columns); shape (n,)."""
        found: Numbers = np.maximum(terms.sum(axis=1) / self.together, terms.max(axis=1) / self.alone)
        return found

    def told(self, terms: Numbers, most: int = 3) -> dict[str, float]:
        """Return the columns that made most of a score, the first one most; from terms of (columns,)."""
        names = tuple(self.columns)
        return {names[place]: float(terms[place]) for place in np.argsort(-terms, kind="stable")[:most]}


def fit(rows: Mapping[str, Values], numbers: frozenset[str]) -> Detector:
    """Return the costs of values in rows like these; `numbers` are the columns that hold numbers."""
    return Detector({name: _costs(values, name in numbers) for name, values in rows.items()})


def learn(rows: Mapping[str, Values], numbers: frozenset[str]) -> tuple[Detector, Numbers]:
    """Return the detector for rows like these, in the order of their time, and their scores, shape (n,).

    Each stretch of the rows is scored by what the others are like, as rows that come later will be.
    """
    count = len(next(iter(rows.values())))
    stretches = np.arange(count) * STRETCHES // max(count, 1)
    terms = np.zeros((count, len(rows)))
    for stretch in np.unique(stretches):
        inside = stretches == stretch
        others = fit({name: _at(values, ~inside) for name, values in rows.items()}, numbers)
        own = {name: _at(values, inside) for name, values in rows.items()}
        terms[inside] = others.terms(own, int(inside.sum()))
    columns = fit(rows, numbers).columns
    units = Detector(columns, together=limit(terms.sum(axis=1)), alone=limit(terms.max(axis=1)))
    scores = units.score(terms)
    return Detector(columns, together=units.together, alone=units.alone, limit=limit(scores)), scores


def limit(scores: Numbers) -> float:
    """Return what a share of RATE of these scores exceeds, infinity without any."""
    return float(np.quantile(scores, 1 - RATE, method="higher")) if len(scores) else np.inf


def _at(values: Values, chosen: np.ndarray) -> Values:
    found: Numbers = np.asarray(values, None if isinstance(values, np.ndarray) else object)[chosen]
    return found


def _costs(values: Values, number: bool) -> Costs:
    return _number_costs(np.asarray(values, np.float64)) if number else _category_costs(values)


def _number_costs(values: Numbers) -> NumberCosts:
    finite = np.sort(values[np.isfinite(values)])
    missing = _cost(int(np.isnan(values).sum()), len(values))
    count = len(finite)
    if not count:
        return NumberCosts(low=-np.inf, high=np.inf, edges=(), costs=(0.0,), missing=missing)
    low, high = float(finite[0]), float(finite[-1])
    tails = 0.5 ** np.arange(1, int(log2(count)) + 1)
    cuts = np.quantile(finite, [*tails, *(1 - tails), 0, 1], method="inverted_cdf")
    edges = np.unique([np.nextafter(low, -np.inf), *cuts])
    below = np.concatenate([[0], np.searchsorted(finite, edges, side="right"), [count]])
    nearer = np.minimum(below[1:], count - below[:-1])
    costs = [_cost(int(rows), count) for rows in nearer]
    return NumberCosts(low=low, high=high, edges=tuple(edges.tolist()), costs=tuple(costs), missing=missing)


def _category_costs(values: Values) -> CategoryCosts:
    names, counts = np.unique([str(value) for value in values if value is not None], return_counts=True)
    kept = np.argsort(-counts, kind="stable")[:CATEGORIES]
    known = int(counts[kept].sum())
    return CategoryCosts(
        costs={str(names[place]): _cost(int(counts[place]), len(values)) for place in kept},
        unseen=_cost(int(counts.sum()) - known, len(values)),
        missing=_cost(sum(value is None for value in values), len(values)),
    )


def _cost(rows: int, of: int) -> float:
    """Return -log of a share; what was never seen is as rare as half a row."""
    return -log(max(rows, 0.5) / max(of, 1))
