"""Reasons in plain words: a value, its place among those that the version knew, and where it pushes."""

from __future__ import annotations

from math import inf
from typing import Any

import polars as pl

PLACES = ((0.05, "very low"), (0.25, "low"), (0.75, "ordinary"), (0.95, "high"), (inf, "very high"))
"""How values are called, up to which share of the known ones lies below them."""
RARE = 0.01
"""The share of rows below which a category is rare."""


def reason(name: str, value: Any, place: str, contribution: float) -> str:
    """Return in a sentence where a value at this `place` pushed the score.

    >>> reason("hour", 22, "very high: above 97% of rows", 0.42)
    'hour 22 raises it (very high: above 97% of rows)'
    """
    push = "raises it" if contribution > 0 else "lowers it" if contribution < 0 else "changes nothing"
    return f"{name} {shown(value)} {push} ({place})"


def place(value: Any, known: pl.Series, kind: str) -> str:
    """Return where a value lies among those of the rows that the version learnt from.

    >>> place(22, pl.Series([6, 9, 12, 15]), "number")
    'above all known'
    """
    if _missing(value):
        return f"as in {_percent(_share(known.is_null()))} of rows"
    if kind == "category":
        return _category(value, known)
    return _number(float(value), known.drop_nulls().cast(pl.Float64))


def _category(value: Any, known: pl.Series) -> str:
    share = _share(known.cast(pl.String) == str(value))
    if not share:
        return "unknown"
    return f"{'rare' if share < RARE else 'usual'}: {_percent(share)} of rows"


def _number(value: float, known: pl.Series) -> str:
    if known.is_empty():
        return "the first that is known"
    if value < known.min() or value > known.max():  # type: ignore[operator]
        return "above all known" if value > known.max() else "below all known"  # type: ignore[operator]
    # half of the equal values count as below, so that a value that most rows have is ordinary
    below = _share(known < value) + _share(known == value) / 2
    word = next(word for most, word in PLACES if below <= most)
    return word if word == "ordinary" else f"{word}: {_beyond(below)}"


def _beyond(below: float) -> str:
    return f"above {_percent(below)} of rows" if below > 0.5 else f"below {_percent(1 - below)} of rows"


def shown(value: Any) -> str:
    """Return a value as people write it."""
    if _missing(value):
        return "missing"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _missing(value: Any) -> bool:
    return value is None or bool(value != value)


def _share(true: pl.Series) -> float:
    return int(true.sum()) / max(len(true), 1)


def _percent(share: float) -> str:
    return "less than 1%" if 0 < share < 0.01 else f"{share:.0%}"
