"""Which share of a column can be told from others, learnt by boosted trees."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.core.quality import Array, as_array

CLASSES = 10
"""How many values of a column are told apart, the most frequent; a number with more is one of many values."""
LEAST = 20
"""Rows of a value below which it is not told apart."""


def explained(inputs: Array, target: pl.Series) -> float:
    """Return the share of a column that inputs of shape (n, k) tell: 0 for none, 1 for all of it.

    For a number it is R2, for classes the share of their entropy (McFadden 1974). It is learnt from every
    other row, and measured on the rest.
    """
    known = target.is_not_null().to_numpy()
    inputs, target = inputs[known], target.filter(known)
    if target.dtype.is_numeric() and target.n_unique() > CLASSES:
        return max(0.0, _variance(inputs, as_array(target)))
    return max(0.0, _entropy(inputs, _classes(target)))


def numbers_of(column: pl.Series) -> Array:
    """Return a column as trees take it: numbers, or the codes of categories; NaN where missing."""
    values = (
        column if column.dtype.is_numeric() else column.cast(pl.String).cast(pl.Categorical).to_physical()
    )
    return as_array(values.cast(pl.Float64))


def _variance(inputs: Array, truth: Array) -> float:
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(max_iter=50, max_depth=4, early_stopping=False, random_state=0)
    return float(model.fit(inputs[::2], truth[::2]).score(inputs[1::2], truth[1::2]))


def _entropy(inputs: Array, classes: NDArray[np.int64]) -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import log_loss

    labels, counts = np.unique(classes[::2], return_counts=True)
    told = np.isin(classes[1::2], labels)
    if len(labels) < 2:
        return 0.0
    model = HistGradientBoostingClassifier(max_iter=50, max_depth=4, early_stopping=False, random_state=0)
    guess = model.fit(inputs[::2], classes[::2]).predict_proba(inputs[1::2][told])
    truth = classes[1::2][told]
    by_chance = np.tile(counts / counts.sum(), (len(truth), 1))
    return float(1 - log_loss(truth, guess, labels=labels) / log_loss(truth, by_chance, labels=labels))


def _classes(column: pl.Series) -> NDArray[np.int64]:
    """Return the number of each value by its frequency; rare values, and those after the first, are one."""
    counts = column.value_counts(sort=True).filter(pl.col("count") >= LEAST).head(CLASSES)
    order = {value: number for number, value in enumerate(counts[column.name])}
    return np.array([order.get(value, CLASSES) for value in column])
