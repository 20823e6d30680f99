"""Where two versions say different things: the rows that get another class, and those furthest apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.comparison.result import Example, Flip
from noria.core.quality import Array

THRESHOLD = 0.5
EXAMPLES = 10


def flips(classes: Sequence[str], truth: Array, a: Array, b: Array) -> list[Flip]:
    """Return how often B says another class than A, by both classes, the most frequent first.

    `classes` are named in the order of their numbers in `truth`; a regression has none, and no flips.
    """
    if not classes:
        return []
    before, after = said(a), said(b)
    moved = np.flatnonzero(before != after)
    counts = Counter(zip(before[moved].tolist(), after[moved].tolist(), strict=True))
    return [
        Flip(
            before=classes[one],
            after=classes[other],
            rows=rows,
            to_right=int((truth[_these(before, after, one, other)] == other).sum()),
            to_wrong=int((truth[_these(before, after, one, other)] == one).sum()),
        )
        for (one, other), rows in counts.most_common()
    ]


def furthest(rows: pl.DataFrame, columns: Sequence[str], task: str, a: Array, b: Array) -> list[Example]:
    """Return the rows, with these columns, whose answers are furthest apart; those that flip come first."""
    apart = np.abs(a - b) if a.ndim == 1 else np.abs(a - b).max(axis=1)
    flipped = said(a) != said(b) if task != "regression" else np.zeros(len(a), dtype=bool)
    order = np.lexsort((-apart, ~flipped))[:EXAMPLES].tolist()
    shown = rows[order].select(columns).to_dicts()
    return [
        Example(row=row, a=a[place].tolist(), b=b[place].tolist())
        for row, place in zip(shown, order, strict=True)
    ]


def said(output: Array) -> NDArray[np.int64]:
    """Return the number of the class that each answer says, shape (n,)."""
    chosen = output > THRESHOLD if output.ndim == 1 else output.argmax(axis=1)
    return chosen.astype(np.int64)


def _these(before: NDArray[np.int64], after: NDArray[np.int64], one: int, other: int) -> NDArray[np.bool_]:
    these: NDArray[np.bool_] = (before == one) & (after == other)
    return these
