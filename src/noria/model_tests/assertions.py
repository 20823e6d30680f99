"""Assertions about a model's scores: invariance, direction, minimum functionality, slices.

After CheckList (Ribeiro, Wu, Guestrin, Singh: Beyond accuracy, ACL 2020). Each shows the rows that failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl

from noria.artifact.model import Model
from noria.core.compare import compare
from noria.core.quality import Array, Metric, metrics_of, primary
from noria.model_tests.rows_failed import SHOWN, Row, RowsFailed, changes
from noria.pipeline.measure import baseline, blocks_of

CONFIDENCE = 0.999
"""Of the interval by which a slice is called worse than the baseline: there are many slices and many runs."""

Rows = pl.DataFrame | Sequence[Row]
Predict = Callable[[Rows], Array]
Change = Callable[[pl.DataFrame], pl.DataFrame]


def assert_invariant(predict: Predict, rows: Rows, change: Change, tolerance: float = 0.0) -> None:
    """Assert that a change that should not matter moves no score by more than the tolerance.

    `change` takes the rows as a frame, and returns them changed. Of several classes, each score counts.

    Raises:
        RowsFailed: names how many moved, and shows those that moved the most.
    """
    __tracebackhide__ = True
    before, after = _frames(rows, change)
    was, now = predict(before), predict(after)
    moved = np.abs(now - was).reshape(len(was), -1).max(axis=1)
    if (bad := ~(moved <= tolerance)).any():
        raise _moved(f"moved by more than {tolerance:g}", before, after, was, now, bad, moved)


def assert_direction(
    predict: Predict,
    rows: Rows,
    change: Change,
    direction: Literal["up", "down"],
    share: float = 1.0,
) -> None:
    """Assert that a change moves the score up, or down, in at least this share (0 to 1) of the rows.

    A score that stays as it is counts as moved the right way.

    Raises:
        RowsFailed: names how many went the other way, and shows those that went the farthest.
        ValueError: the model answers with several scores a row.
    """
    __tracebackhide__ = True
    before, after = _frames(rows, change)
    was, now = predict(before), predict(after)
    if was.ndim > 1:
        raise ValueError("a direction needs one score a row; hand in a function that picks a class's column")
    wrong = was - now if direction == "up" else now - was
    bad = ~(wrong <= 0)
    if bad.mean() > 1 - share + 1e-12:
        said = f"did not go {direction}; {share:.0%} of them should"
        raise _moved(said, before, after, was, now, bad, wrong)


def assert_minimum(predict: Predict, cases: Sequence[tuple[Row, tuple[float, float]]]) -> None:
    """Assert that plain cases are answered as anybody would: each a row and the lowest and highest score.

    Raises:
        RowsFailed: shows the cases whose score lies outside.
    """
    __tracebackhide__ = True
    scores = predict([row for row, _ in cases])
    bad = [
        {"score": float(score), "allowed": f"{low:g} to {high:g}", **row}
        for (row, (low, high)), score in zip(cases, scores, strict=True)
        if not low <= score <= high
    ]
    if bad:
        raise RowsFailed(f"{len(bad)} of {len(cases)} cases are answered beyond what is allowed", bad)


def assert_slice(
    model: Model, rows: pl.DataFrame, label: str, at_most: float, metric: str | None = None
) -> None:
    """Assert that the mean loss of a model on some rows is at most so high.

    `metric` is one with a loss a row, by default the task's first.

    Raises:
        RowsFailed: tells the loss, and shows the rows with the highest.
        ValueError: the task has no such metric, or it has no loss a row.
    """
    __tracebackhide__ = True
    chosen = _metric(model.task, metric)
    output = model.predict(rows)
    losses = chosen.losses(model.truth(rows[label]), output)
    mean = float(losses.mean())
    if not mean <= at_most:
        said = f"{chosen.name} is {mean:.4f} a row on {rows.height:,} rows; at most {at_most:.4f} is allowed"
        raise RowsFailed(said, _worst(model, rows, label, output, losses))


def assert_beats_baseline(
    model: Model, rows: pl.DataFrame, label: str, train: pl.DataFrame, confidence: float = CONFIDENCE
) -> None:
    """Assert that on some rows a model is not proven worse than one that knows only the labels of `train`.

    Rows of one day may be bad luck together: the unit is the day, see `noria.core.compare`.

    Raises:
        RowsFailed: tells by how much it is worse, and shows the rows with the highest loss.
    """
    __tracebackhide__ = True
    metric, truth, output = primary(model.task), model.truth(rows[label]), model.predict(rows)
    known = baseline(model.truth(train[label]), len(model.classes) or None)
    found = compare(
        metric,
        truth=truth,
        candidate=output,
        champion=np.broadcast_to(known, output.shape),
        blocks=blocks_of(rows["_time"]),
        confidence=confidence,
    )
    if found.high < 0:
        said = f"{metric.name} is {-found.gain:.4f} a row worse than the baseline's on {rows.height:,} rows"
        losses = metric.losses(truth, output)
        raise RowsFailed(said, _worst(model, rows, label, output, losses))


def _metric(task: str, name: str | None) -> Metric:
    usable = {metric.name: metric for metric in metrics_of(task) if metric.per_row}
    if name and name not in usable:
        raise ValueError(f"metric: found {name!r}; allowed, those with a loss a row: {', '.join(usable)}")
    return usable[name] if name else primary(task)


def _frames(rows: Rows, change: Change) -> tuple[pl.DataFrame, pl.DataFrame]:
    before = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, infer_schema_length=None)
    return before, change(before)


def _moved(
    said: str,
    before: pl.DataFrame,
    after: pl.DataFrame,
    was: Array,
    now: Array,
    bad: np.ndarray,
    far: Array,
) -> RowsFailed:
    """Return the failure of the bad rows, those that moved the farthest first; NaN is farther than all."""
    order = np.argsort(np.where(bad, np.nan_to_num(-far, nan=-np.inf), np.inf), kind="stable")
    worst = order[: min(SHOWN, int(bad.sum()))].tolist()
    shown = changes(before, after, worst)
    scores = [{"score": f"{_score(was[number])} -> {_score(now[number])}"} for number in worst]
    rows = [{"row": number} | score | row for number, score, row in zip(worst, scores, shown, strict=True)]
    return RowsFailed(f"{bad.sum():,} of {len(was):,} rows {said}", rows)


def _worst(model: Model, rows: pl.DataFrame, label: str, output: Array, losses: Array) -> list[Row]:
    order = np.argsort(-np.nan_to_num(losses, nan=np.inf))[:SHOWN].tolist()
    shown = rows.select(label, *model.features)
    return [
        {"loss": float(losses[number]), "score": _score(output[number]), **shown.row(number, named=True)}
        for number in order
    ]


def _score(value: Any) -> str:
    return " ".join(f"{part:.4g}" for part in np.atleast_1d(value))
