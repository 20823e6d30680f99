"""Training-serving skew: do the same rows look the same where they are learnt from and where they are asked?

By entity and time a prediction is found again among the rows of the sources. What the gateway was sent must
be what a model learns from; a column that differs came late, was changed later, or is computed in two ways.
And the packaged model must answer what the gateway has answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from noria.artifact.golden import TOLERANCE
from noria.artifact.predictor import Predictor
from noria.outcomes import stored

LIMIT = 0.01
"""The share of rows that may differ: a source is corrected now and then."""
LEAST = 20
"""Rows below which a share says little."""
SENT, LEARNT = "sent", "learnt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How many of the `rows` that are known twice differ in a column; of these, `late` came without a value.

    `example` has a value that was sent, and what it is among the rows to learn from.
    """

    column: str
    rows: int
    differ: int
    late: int
    example: tuple[object, object] | None

    @property
    def share(self) -> float:
        return self.differ / self.rows if self.rows else 0.0

    @property
    def level(self) -> str:
        if not self.differ:
            return "ok"
        return "alert" if self.share > LIMIT and self.rows >= LEAST else "notice"

    @property
    def reason(self) -> str:
        if self.example is None:
            return f"all {self.rows} rows agree"
        sent, learnt = self.example
        late = f", {self.late} of them without a value when asked" if self.late else ""
        return f"{self.differ} of {self.rows} rows differ{late}: {sent} was sent, {learnt} is learnt from"


def matched(
    predictions: pl.LazyFrame, learnt: pl.LazyFrame, features: Sequence[str], identity: Sequence[str]
) -> pl.LazyFrame:
    """Return the predictions that are known twice, each feature as a struct of `sent` and `learnt`.

    `identity` are the columns of entity and, maybe, time among the rows to learn from.
    """
    entity, *time = identity
    asked = predictions.unique("id").select(
        "id", _entity="entity", **{name: stored(name) for name in [*time, *features]}
    )
    rows = learnt.select(*time, *features, _entity=pl.col(entity).cast(pl.String))
    both = asked.join(rows.unique(["_entity", *time]), on=["_entity", *time], suffix="_learnt")
    pairs = {
        name: pl.struct(pl.col(name).alias(SENT), pl.col(f"{name}_learnt").alias(LEARNT)) for name in features
    }
    return both.select("id", **pairs)


def compared(both: pl.DataFrame, kinds: Mapping[str, str]) -> list[Difference]:
    """Return how often each feature, a "number" or a "category" in `kinds`, differs in `matched` rows."""
    found = []
    for name, kind in kinds.items():
        sent, learnt = both[name].struct.field(SENT), both[name].struct.field(LEARNT)
        off = _off(sent, learnt) if kind == "number" else _other(sent, learnt)
        rows = off.arg_true()
        example = (sent[rows[0]], learnt[rows[0]]) if len(rows) else None
        late = int((off & sent.is_null()).sum())
        found.append(Difference(column=name, rows=both.height, differ=len(rows), late=late, example=example))
    return found


def repeated(predictions: pl.DataFrame, model: Predictor) -> Difference:
    """Ask the packaged model what the gateway was asked, and compare the answers."""
    columns = {name: predictions[stored(name)].to_list() for name in model.features}
    learnt = model.predict(columns).reshape(predictions.height, -1)
    sent = np.array(predictions["output"].to_list(), float).reshape(predictions.height, -1)
    off = (np.abs(sent - learnt) > TOLERANCE * np.maximum(1, np.abs(learnt))).any(axis=1)
    first = int(off.argmax())
    example = (sent[first].tolist(), learnt[first].tolist()) if off.any() else None
    return Difference(
        column="@output", rows=predictions.height, differ=int(off.sum()), late=0, example=example
    )


def _off(sent: pl.Series, learnt: pl.Series) -> pl.Series:
    one, other = (values.cast(pl.Float64, strict=False).fill_nan(None) for values in (sent, learnt))
    size = pl.DataFrame({"one": one.abs(), "other": other.abs()}).max_horizontal().clip(1)
    apart = (one - other).abs() > TOLERANCE * size
    return apart.fill_null(value=False) | (one.is_null() != other.is_null())


def _other(sent: pl.Series, learnt: pl.Series) -> pl.Series:
    return sent.cast(pl.String).ne_missing(learnt.cast(pl.String))
