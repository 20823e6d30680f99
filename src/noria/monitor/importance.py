"""How much a model's answers hang on each feature: what a drift of it can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl

ROWS = 1_000
"""The newest rows that are asked about."""

Answer = Callable[[Mapping[str, list[Any]]], np.ndarray]
"""The answers of a model to columns; shape (rows,), or (rows, classes)."""


def importance(rows: pl.DataFrame, features: list[str], answer: Answer, seed: int = 0) -> dict[str, float]:
    """Return each feature's share (0 to 1) of how much the answers change when its values are mixed.

    Permutation importance (Breiman 2001), of the answers instead of the loss: it needs no labels, and any
    model has it. Of a model that always answers the same, no feature has a share.
    """
    asked = rows.tail(ROWS)
    columns: dict[str, list[Any]] = {name: asked[name].to_list() for name in features}
    usual = answer(columns)
    changes = {}
    for number, name in enumerate(features):
        mixed = asked[name].sample(asked.height, shuffle=True, seed=seed + number).to_list()
        changes[name] = float(np.abs(answer({**columns, name: mixed}) - usual).mean())
    total = sum(changes.values())
    return {name: change / total if total else 0.0 for name, change in changes.items()}
