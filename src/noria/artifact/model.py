"""A packaged model that answers frames: what gates, reports and explanations ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from noria.artifact.predictor import Predictor, load
from noria.core.quality import Array
from noria.errors import PipelineError

_CASTS: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "number": lambda column: column.cast(pl.Float64).fill_null(float("nan")),
    "category": lambda column: column.cast(pl.String),
}


class Model:
    """A loaded model. `features` are its columns in order, with the kind of each: "number" or "category"."""

    def __init__(self, artifact: Path, *, lean: bool = False) -> None:
        """Load the artifact, which somebody has verified; `lean` as in `noria.artifact.predictor.load`.

        Raises:
            ArtifactError: it cannot be loaded.
        """
        self.artifact = artifact
        self.predictor = load(artifact, lean=lean)
        self.task: str = self.predictor.spec["task"]
        self.features: dict[str, str] = {
            each["name"]: each["kind"] for each in self.predictor.spec["features"]
        }
        self.classes = classes_of(self.predictor)

    def predict(self, rows: pl.DataFrame) -> Array:
        """Return one number per row: the probability of the positive class, or the value of a regression.

        For several classes the shape is (rows, classes), in the order of `classes`. Columns that are no
        feature are passed over.
        """
        return self.predictor.predict(columns_of(rows, self.predictor))

    def truth(self, labels: pl.Series) -> Array:
        """Return labels as float64: a regression's value, or the number of the class in the model's order.

        Raises:
            PipelineError: a label is no class of the model.
        """
        return truth_of(labels, self.predictor.spec)


def columns_of(rows: pl.DataFrame, model: Predictor) -> dict[str, Any]:
    """Return the feature columns as a predictor takes them."""
    kinds = {feature["name"]: feature["kind"] for feature in model.spec["features"]}
    casts = [_CASTS[kind](pl.col(name)) for name, kind in kinds.items()]
    columns = zip(kinds.items(), rows.select(casts), strict=True)
    return {name: one.to_numpy() if kind == "number" else one.to_list() for (name, kind), one in columns}


def classes_of(model: Predictor) -> tuple[str, ...]:
    """Return the classes of a multiclass model in the order of its outputs' columns; () for other tasks."""
    return tuple(map(str, model.spec["classes"])) if model.spec["task"] == "multiclass" else ()


def truth_of(labels: pl.Series, spec: dict[str, Any]) -> Array:
    """Return labels as float64: a regression's value, or the number of the class in the model's order.

    Raises:
        PipelineError: a label is no class of the model.
    """
    if spec["task"] == "regression":
        return labels.cast(pl.Float64).to_numpy()
    numbers = {str(name): float(number) for number, name in enumerate(spec["classes"])}
    names = {value: str(value) for value in labels.unique().to_list()}
    unknown = sorted(set(names.values()) - set(numbers))
    if unknown:
        raise PipelineError(
            f"the holdout has the class {unknown[0]!r}, and the model knows only {sorted(numbers)}",
            hint="noria doctor",
        )
    known = {value: numbers[name] for value, name in names.items()}
    return np.array(labels.replace_strict(known, return_dtype=pl.Float64), dtype=np.float64)
