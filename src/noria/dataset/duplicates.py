"""Rows that stand there twice, nearly twice, or with two labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from noria.dataset.label_errors import SHOWN

NEAR = 0.002
"""Numbers are alike that lie in one cell of a grid of so many standard deviations of their column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """How many rows repeat the features and the label of another one, exactly or nearly, or contradict it.

    `near` counts the rows whose numbers differ a little; `conflicts` those with exactly the features of
    another row and another label, and `rows` shows some of these.
    """

    exact: int
    near: int
    conflicts: int
    rows: tuple[dict[str, Any], ...]


def duplicates(rows: pl.DataFrame, features: Mapping[str, str], label: str) -> Duplicates:
    """Count the duplicates of labelled rows, by their `features` with their kinds."""
    names = list(features)
    alike = pl.col(label).n_unique().over(names) > 1
    conflicting = rows.filter(alike).sort(names)
    return Duplicates(
        exact=rows.height - rows.select(*names, label).n_unique(),
        near=_near(rows, features, label),
        conflicts=conflicting.height,
        rows=tuple(conflicting.select(*names, label).head(SHOWN).to_dicts()),
    )


def _near(rows: pl.DataFrame, features: Mapping[str, str], label: str) -> int:
    """Count by two grids, of which one is shifted by half a cell: who is near is in one cell of either."""
    numbers = [name for name, kind in features.items() if kind == "number"]
    others = [label, *(name for name in features if name not in numbers)]
    found = pl.lit(False)
    for shift in (0.0, 0.5):
        cells = [
            ((pl.col(name) / (NEAR * pl.col(name).std()) + shift).floor()).alias(f"_{name}")
            for name in numbers
        ]
        rows = rows.with_columns(cells)
        together = pl.struct(*others, *(f"_{name}" for name in numbers))
        same = rows.select(pl.len().over(together) > 1).to_series()
        found = found | pl.lit(same)
    exact = pl.len().over([*features, label]) > 1
    return int(rows.select((found & ~exact).sum()).item())
