"""Predictions with what became of them: the join of the two tables that the collector writes.

The result does not depend on the order or the number of arrivals: of an id, the first answered prediction
counts, and the newest label.
"""

from __future__ import annotations

import polars as pl

ROLES = ("champion", "challenger")
"""The roles that answer. A shadow's predictions are copies: they are judged, but never become examples."""

OWN = ("id", "at", "entity", "model", "version", "role", "plan", "output", "latency", "label", "label_at")
"""The columns of the two tables and of their join that are not a client's."""


def stored(name: str) -> str:
    """Return what a column that clients send is called in the table: a name that is taken gets a prefix."""
    return f"sent_{name}" if name in OWN or name.startswith("_") else name


def first_answers(predictions: pl.LazyFrame) -> pl.LazyFrame:
    """Return one prediction per id: the first that answered, and beside it the first of each shadow."""
    shadow = pl.when(pl.col("role").is_in(ROLES)).then(None).otherwise("version")
    return (
        predictions.with_columns(_shadow=shadow)
        .sort("id", "at", "version", "plan", "latency")
        .unique(["id", "_shadow"], keep="first")
        .drop("_shadow")
    )


def newest_labels(labels: pl.LazyFrame) -> pl.LazyFrame:
    """Return `id`, `label` and `label_at`, one row per id: the label that arrived last."""
    return (
        labels.drop_nulls("label")
        .select("id", "label", label_at="at")
        .sort("label_at", "label")
        .unique("id", keep="last", maintain_order=False)
    )


def outcomes(predictions: pl.LazyFrame, labels: pl.LazyFrame) -> pl.LazyFrame:
    """Return the predictions of `first_answers` with `label` and `label_at`, null where none came yet."""
    return first_answers(predictions).join(newest_labels(labels), on="id", how="left")
