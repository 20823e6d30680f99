"""Searches for changes within reach that flip decisions, from answers alone.

From the best of some random starts, one column after the other is moved to where the margin of the decision
is lowest: a search in coordinates (Hooke and Jeeves, J. ACM 1961), for all rows at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noria.artifact.predictor import Predictor
from noria.core.quality import Array
from noria.gates.reach import Reach

STARTS = 20
"""Random changes of all columns at once that are tried first."""
ROUNDS = 2
"""How often each column is moved alone."""
STEPS = np.linspace(0, 1, 9)
"""Where in its reach a number is tried."""
CATEGORIES = 20
"""How many categories of a column are tried at most."""

Columns = dict[str, Any]


def flip(model: Predictor, rows: Columns, within: Sequence[Reach], random: np.random.Generator) -> Array:
    """Return where each column of each row goes, see `Reach.moved`, so that margins are as low as was found.

    The shape is (n, columns within reach); NaN where a value stays as it is.
    """
    given = decisions(model, rows)
    lowest = margins(model, rows, given)
    best = np.full((len(given), len(within)), np.nan)
    for change in _changes(within, len(given), random):
        places = np.where(np.isnan(change), best, change)
        found = margins(model, moved(rows, within, places), given)
        better = found < lowest
        best[better], lowest[better] = places[better], found[better]
    return best


def moved(rows: Columns, within: Sequence[Reach], places: Array) -> Columns:
    """Return the rows with each column where `places` of shape (n, columns within reach) says."""
    changes = {
        reach.name: reach.moved(rows[reach.name], place)
        for reach, place in zip(within, places.T, strict=True)
    }
    return {**rows, **changes}


def decisions(model: Predictor, rows: Columns) -> NDArray[np.intp]:
    """Return the most probable class of each row; of a binary model, 0 or 1."""
    return np.asarray(_table(model, rows).argmax(axis=1))


def margins(model: Predictor, rows: Columns, given: NDArray[np.intp]) -> Array:
    """Return by how much each row's given class is more probable than any other; below 0 after a flip."""
    table, own = _table(model, rows), (np.arange(len(given)), given)
    probability = table[own]
    table[own] = -np.inf
    return np.asarray(probability - table.max(axis=1))


def _table(model: Predictor, rows: Columns) -> Array:
    """Return the probabilities of all classes, shape (n, classes)."""
    answers = model.predict(rows)
    return answers.copy() if answers.ndim == 2 else np.column_stack([1 - answers, answers])


def _changes(within: Sequence[Reach], count: int, random: np.random.Generator) -> Iterator[Array]:
    """Yield where columns go: all at random, then one after the other; NaN for what a change leaves alone."""
    for _ in range(STARTS):
        yield random.random((count, len(within)))
    for _ in range(ROUNDS):
        for column in random.permutation(len(within)):
            for step in _steps(within[column], random):
                change = np.full((count, len(within)), np.nan)
                change[:, column] = step
                yield change


def _steps(reach: Reach, random: np.random.Generator) -> Array:
    if not reach.categories:
        return STEPS
    count = len(reach.categories)
    return (random.permutation(count)[:CATEGORIES] + 0.5) / count
