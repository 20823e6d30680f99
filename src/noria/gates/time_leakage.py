"""Features that are the time in other words: a model learns single weeks by them, which never come again."""

from __future__ import annotations

from math import isfinite
from typing import Any

import polars as pl

from noria.gates.finding import Finding, failed, passed
from noria.gates.subject import Subject

FEWEST = 200
MOST = 20_000
"""Rows of either part that are looked at, spread over its time."""
OUTSIDE = 0.9
"""If such a share of the holdout lies outside of all that was learnt, the feature has left it for good."""


def time_leakage(subject: Subject, *, correlation: float) -> Finding:
    """No numeric feature rises or falls with the time, so that new values are beyond the learnt ones."""
    train, holdout = (_spread(rows) for rows in (subject.train, subject.holdout))
    if min(train.height, holdout.height) < FEWEST:
        return passed(f"{train.height} rows to train on, {holdout.height} held out: too few to say")
    names = [name for name in subject.features if train[name].dtype.is_numeric()]
    table = [_with_time(train, holdout, name) for name in names]
    table.sort(key=lambda each: -abs(each["correlation"]))
    for each in table:
        if abs(each["correlation"]) >= correlation and each["outside"] >= OUTSIDE:
            moves = "rises" if each["correlation"] > 0 else "falls"
            return failed(
                f"{each['column']} {moves} with the time (rank correlation {each['correlation']:.4f}), and "
                f"{each['outside']:.0%} of the holdout is outside of all that was learnt",
                rows=table,
                correlation=each["correlation"],
                outside=each["outside"],
            )
    return passed(f"none of {len(names)} numeric features is the time", rows=table)


def _spread(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.gather_every(rows.height // MOST + 1)


def _with_time(train: pl.DataFrame, holdout: pl.DataFrame, name: str) -> dict[str, Any]:
    """Return a column's rank correlation with the time, and how much of the holdout is beyond the learnt."""
    learnt, held = (_known(frame, name) for frame in (train, holdout))
    if learnt.is_empty() or held.is_empty():
        return {"column": name, "correlation": 0.0, "outside": 0.0}
    rank = learnt.select(pl.corr(pl.col(name).rank(), pl.col("_time").rank())).item()
    values, later = learnt[name].to_numpy(), held[name].to_numpy()
    outside = (later < values.min()) | (later > values.max())
    return {
        "column": name,
        "correlation": rank if isfinite(rank) else 0.0,
        "outside": float(outside.mean()),
    }


def _known(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.select(
        pl.col(name).cast(pl.Float64).fill_nan(None), pl.col("_time").to_physical()
    ).drop_nulls()
