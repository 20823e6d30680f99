"""What would have changed an answer: the smallest allowed changes of a row that the search finds.

Every value that is tried is one that the version learnt from, so whole numbers stay whole and no value lies
beyond what is known. Single columns are tried before pairs: of two explanations the shorter one is of more
use (Wachter et al., Harvard JOLT 2018; sparsity as in Mothilal et al., FAT* 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from noria.core.quality import Array
from noria.errors import ProjectError
from noria.explain.prediction import Prediction
from noria.explain.version import Version
from noria.project.model import Explain

MOST = 3
"""Flips that are returned at most."""
LEVELS, LEVELS_OF_PAIR = 64, 16
"""Values of a column that are tried alone, and beside another one."""
PAIRED = 6
"""Columns that are tried in pairs: those that come nearest alone."""
SIZE, GAP = "_size", "_gap"

Gap = Callable[[Array], Array]
"""Says of answers how far beyond the threshold they are: those from 0 on are flipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A column that would have had another value."""

    column: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """Changes that together would have flipped the answer, to `output`.

    `size` adds up, over the columns, the share of the known rows that lie between the two values; of a
    category it is the share that has another one.
    """

    changes: tuple[Change, ...]
    output: float | list[float]
    size: float


def flips(prediction: Prediction, version: Version, allowed: Explain) -> list[Flip]:
    """Return up to three ways to flip an answer: those with the fewest changes, the smallest ones first.

    Raises:
        ProjectError: noria.toml does not say what may be changed, or which answer is to be crossed.
        ArtifactError: the version answers otherwise than it did.
    """
    if not allowed.changeable:
        fault = 'explain.changeable: found nothing; allowed: features that may be changed, such as ["hour"]'
        raise ProjectError((fault,))
    gap = _gap(version.model.task, version.repeated(prediction), allowed.threshold)
    row = version.rows(prediction)
    names = [name for name in version.model.features if name in allowed.changeable]
    alone = {name: _tried(version, row, gap, _options(version, row, name)) for name in names}
    found = [flip for tried in alone.values() for flip in _smallest(version, row, tried)]
    if len(found) < MOST:
        left = [name for name in names if not (alone[name][GAP] >= 0).any() and alone[name].height]
        found += _pairs(version, row, gap, {name: alone[name] for name in left})
    return sorted(found, key=lambda flip: (len(flip.changes), flip.size))[:MOST]


def _gap(task: str, answer: Array, threshold: float | None) -> Gap:
    if task == "multiclass":
        winner = int(answer.argmax())
        return lambda answers: _above(np.delete(answers, winner, axis=1).max(axis=1) - answers[:, winner])
    if threshold is None and task == "regression":
        fault = "explain.threshold: found nothing; allowed: the number that the answer would have to cross"
        raise ProjectError((fault,))
    turn = 0.5 if threshold is None else threshold
    if answer[0] >= turn:
        return lambda answers: _above(turn - answers)
    return lambda answers: answers - turn


def _above(values: Array) -> Array:
    """Return values of which only those that were above 0 are 0 or more."""
    return np.nextafter(values, -np.inf)


def _options(version: Version, row: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return other values that a column may take, and the size of each change."""
    value, known = row[name][0], version.background[name].drop_nulls()
    if version.model.features[name] == "category":
        counts = known.cast(pl.String).alias(name).value_counts(sort=True).head(LEVELS)
        sizes = 1 - counts["count"] / max(len(known), 1)
        return counts.select(name, sizes.alias(SIZE)).filter(pl.col(name) != str(value))
    values = known.cast(pl.Float64).sort()
    places = np.linspace(0, max(len(values) - 1, 0), min(LEVELS, len(values))).astype(int)
    levels = values.gather(places).unique(maintain_order=True)
    if value is None:
        return pl.DataFrame({name: levels, SIZE: np.ones(len(levels))})
    levels = levels.filter(levels != float(value))
    between = np.searchsorted(values, levels) - np.searchsorted(values, float(value))
    return pl.DataFrame({name: levels, SIZE: np.abs(between) / len(values)})


def _tried(version: Version, row: pl.DataFrame, gap: Gap, options: pl.DataFrame) -> pl.DataFrame:
    """Return the options with the gap of the answers to them."""
    if options.is_empty():
        return options.with_columns(pl.lit(-np.inf).alias(GAP))
    changed = row.drop(set(options.columns) - {SIZE}).join(options, how="cross")
    return options.with_columns(pl.Series(GAP, gap(version.model.predict(changed))))


def _smallest(version: Version, row: pl.DataFrame, tried: pl.DataFrame) -> Iterator[Flip]:
    """Yield the smallest of the options that flip the answer, if one does."""
    best = tried.filter(pl.col(GAP) >= 0).sort(SIZE).head(1)
    if best.height:
        names = [name for name in best.columns if name not in (SIZE, GAP)]
        after = best.select(pl.col(name).cast(version.background[name].dtype) for name in names)
        yield Flip(
            changes=tuple(Change(column=name, before=row[name][0], after=after[name][0]) for name in names),
            output=version.model.predict(row.drop(names).hstack(after)).tolist()[0],
            size=float(best[SIZE][0]),
        )


def _pairs(version: Version, row: pl.DataFrame, gap: Gap, alone: dict[str, pl.DataFrame]) -> Iterator[Flip]:
    """Yield the flips of two columns, of those that come nearest alone."""
    near = sorted(alone, key=lambda name: -float(alone[name][GAP].max()))[:PAIRED]  # type: ignore[arg-type]
    few = {name: _thinned(alone[name].drop(GAP)) for name in near}
    for one, other in combinations(near, 2):
        both = few[one].join(few[other], how="cross", suffix="_other")
        sizes = pl.col(SIZE) + pl.col(f"{SIZE}_other")
        yield from _smallest(version, row, _tried(version, row, gap, both.select(one, other, sizes)))


def _thinned(options: pl.DataFrame) -> pl.DataFrame:
    return options.gather_every(max(1, options.height // LEVELS_OF_PAIR))
