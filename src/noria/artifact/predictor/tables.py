"""Rows that came as columns, in the forms that models take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, Sequence[Any] | NDArray[np.float64]]
Score = Callable[[Columns], np.ndarray]
Features = Sequence[Mapping[str, Any]]
Codes = dict[Any, float] | None


def codes(features: Features, categories: Sequence[Sequence[Any]]) -> list[tuple[str, Codes]]:
    """Pair each feature with the codes that its categories have in the model, None for a number."""
    lists = iter(categories)
    return [(feature["name"], _codes(next(lists)) if _is_category(feature) else None) for feature in features]


def matrix(columns: Columns, coded: Sequence[tuple[str, Codes]]) -> np.ndarray:
    """Return float64 of shape (n, features); a category that has no code is NaN."""
    table = np.empty((len(columns[coded[0][0]]), len(coded)))
    for index, (name, code) in enumerate(coded):
        values = columns[name]
        table[:, index] = values if code is None else [code.get(value, np.nan) for value in values]
    return table


def numbers(columns: Columns, features: Features) -> np.ndarray:
    """Return float64 of shape (n, features), all of which are numbers."""
    return matrix(columns, [(feature["name"], None) for feature in features])


def objects(columns: Columns, features: Features) -> np.ndarray:
    """Return objects of shape (n, features): floats and strings; what is missing is NaN."""
    table = np.empty((len(columns[features[0]["name"]]), len(features)), dtype=object)
    for index, feature in enumerate(features):
        table[:, index] = values(columns, feature)
    return table


def frame(columns: Columns, features: Features) -> Any:
    """Return a pandas frame of float64, and of objects: string or NaN."""
    import pandas as pd

    return pd.DataFrame(
        {
            feature["name"]: pd.Series(
                values(columns, feature), dtype=object if _is_category(feature) else np.float64
            )
            for feature in features
        }
    )


def values(columns: Columns, feature: Mapping[str, Any]) -> Any:
    """Return the column of a feature: float64, or a list of strings; what is missing is NaN."""
    column = columns[feature["name"]]
    if _is_category(feature):
        return [np.nan if value is None else value for value in column]
    return np.asarray(column, dtype=np.float64)


def _is_category(feature: Mapping[str, Any]) -> bool:
    return bool(feature["kind"] == "category")


def _codes(categories: Sequence[Any]) -> Codes:
    return {str(category): float(code) for code, category in enumerate(categories)}
