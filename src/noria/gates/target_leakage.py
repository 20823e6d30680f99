"""A feature that knows the label: it tells all of it, or much of it in the training rows only."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.core.power import FEWEST, numbers_of, target_of
from noria.core.power import power as power_of
from noria.core.quality import Array
from noria.gates.finding import Finding, failed, passed
from noria.gates.subject import Subject

MOST = 20_000
"""The newest rows of either part that are looked at."""
MUCH = 0.3
"""So much of the label is told by few honest features, and by these in the holdout too."""
LEFT = 3
"""A part in so many that is left in the holdout is too little."""


def target_leakage(subject: Subject, *, power: float) -> Finding:
    """No feature alone tells the label, nor tells it in the training rows and no longer in the holdout."""
    train, holdout = subject.train.tail(MOST), subject.holdout.tail(MOST)
    if train.height < FEWEST:
        return passed(f"{train.height} rows to train on: too few to say")
    rows = pl.concat([train, holdout], how="vertical_relaxed")
    target = target_of(subject.twin.truth(rows[subject.project.data.label]), _classes(subject))
    told = [_told(rows, name, target, train.height) for name in subject.features]
    told.sort(key=lambda each: -each["train"])
    first = told[0]
    numbers = {"power": first["train"], "ceiling": power}
    for each in told:
        if max(each["train"], each["holdout"]) > power:
            share = max(each["train"], each["holdout"])
            reason = f"{each['column']} alone tells {share:.1%} of the label, {power:.1%} at most are allowed"
            return failed(reason, rows=told, **numbers)
        if each["train"] > MUCH and each["holdout"] < each["train"] / LEFT:
            return failed(
                f"{each['column']} tells {each['train']:.1%} of the label in the training rows and "
                f"{max(each['holdout'], 0):.1%} in the holdout: it seems to be made from the label",
                rows=told,
                **numbers,
            )
    return passed(f"{first['column']} tells most of the label: {first['train']:.1%}", rows=told, **numbers)


def _classes(subject: Subject) -> int:
    return len(subject.twin.predictor.spec["classes"] or ())


def _told(rows: pl.DataFrame, name: str, target: Array, train: int) -> dict[str, Any]:
    """Return what a column tells of the training rows' labels, and of the holdout's."""
    number = np.arange(rows.height)
    learnt, held, odd = number < train, number >= train, number % 2 == 1

    def told(made: NDArray[np.bool_], asked: NDArray[np.bool_]) -> float:
        return power_of(_numbers(rows[name], target, made), target, made, asked)

    known = told(learnt & odd, learnt & ~odd)
    later = told(learnt, held) if held.sum() >= FEWEST else known
    return {"column": name, "train": known, "holdout": later if np.isfinite(later) else known}


def _numbers(column: pl.Series, target: Array, made: NDArray[np.bool_]) -> Array:
    """Return a column as a tree takes it: numbers by their ranks, which tell as much whatever their size."""
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        ranks = column.cast(pl.Float64).fill_nan(None).rank("dense")
        return ranks.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    codes = column.cast(pl.String).fill_null("").rank("dense").cast(pl.Int64).to_numpy()
    return numbers_of(codes, target, made)
