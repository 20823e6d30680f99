"""Labelled rows as numbers: what a LightGBM and a distance take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.core.quality import Array
from noria.project.model import Data, Project, Task
from noria.project.table import TableSchema

SOURCE = "_source"
"""The column that says where a row comes from."""
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examples:
    """n labelled rows, in the order of their time.

    `values` has the shape (n, features), a category as its number, a missing value as nan. `labels` has the
    shape (n,) and holds numbers of `classes`; a number to predict counts as "low" or "high", by its median.
    """

    rows: pl.DataFrame
    features: dict[str, str]
    values: Array
    labels: Whole
    classes: tuple[str, ...]

    @property
    def categories(self) -> list[int]:
        """The columns of `values` that are categories."""
        return [index for index, kind in enumerate(self.features.values()) if kind == "category"]


def kinds(project: Project, schema: TableSchema) -> dict[str, str]:
    """Return each feature with what it is to a model: "number" or "category"."""
    return {name: schema.column(name).feature or "category" for name in project.data.features}


def examples(rows: pl.DataFrame, features: Mapping[str, str], data: Data, task: Task) -> Examples:
    """Return the labelled rows as examples; rows without a label are left out."""
    rows = rows.drop_nulls(data.label).sort("_time", maintain_order=True)
    columns = [_numbers(rows[name], kind) for name, kind in features.items()]
    labels, classes = _labels(rows[data.label], task)
    values = np.stack(columns, axis=1) if columns else np.empty((rows.height, 0))
    return Examples(rows=rows, features=dict(features), values=values, labels=labels, classes=classes)


def _numbers(column: pl.Series, kind: str) -> Array:
    if kind == "number":
        numbers: Array = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return numbers
    texts = column.cast(pl.String)
    names = texts.drop_nulls().unique().sort()
    codes = texts.cast(pl.Enum(names)).to_physical().cast(pl.Float64)
    return codes.fill_null(float("nan")).to_numpy()


def _labels(label: pl.Series, task: Task) -> tuple[Whole, tuple[str, ...]]:
    if task == Task.REGRESSION:
        return (label > label.median()).cast(pl.Int64).to_numpy(), ("low", "high")
    names = label.unique().sort()
    texts = names.cast(pl.String)
    codes = label.cast(pl.String).replace_strict(texts, pl.int_range(len(texts), eager=True))
    return codes.cast(pl.Int64).to_numpy(), tuple(texts)
