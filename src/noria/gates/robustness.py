"""What small disturbances of the inputs cost: values that are missing, and noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from noria.artifact.model import Model
from noria.core.interval import Interval
from noria.core.jackknife import jackknife
from noria.core.quality import Array, primary
from noria.gates.finding import Finding, failed, inconclusive, passed
from noria.gates.subject import Subject
from noria.pipeline.measure import aligned

ROWS = 5000
"""Rows of the holdout that are disturbed."""
PARTS = 50
"""Stretches of rows, each left out once for the interval."""


def robustness(subject: Subject, *, missing: float, noise: float, cost: float, beyond: float) -> Finding:
    """Disturbed inputs cost no more than a share of the loss, and little more than they cost the champion."""
    rows = subject.holdout.tail(ROWS)
    disturbed = _disturbed(subject, rows, missing, noise)
    own = _losses(subject, subject.twin, rows, disturbed)
    costs = _interval(own, lambda sums: sums[1] / sums[0] - 1)
    worst = _worst(disturbed.select(subject.features), own)
    if found := _over(costs, cost, "of its loss are what the disturbance costs", worst):
        return found
    if subject.champion is None:
        return passed(f"{_share(costs.value)} of its loss are what the disturbance costs", cost=costs.value)
    both = np.hstack([own, _losses(subject, subject.champion, rows, disturbed)])
    more = _interval(both, lambda sums: sums[1] / sums[0] - sums[3] / sums[2])
    if found := _over(more, beyond, "of the loss more than the champion's are what it costs", worst):
        return found
    reason = (
        f"{_share(costs.value)} of its loss are what it costs, {_share(more.value)} more than the champion's"
    )
    return passed(reason, cost=costs.value, beyond=more.value)


def _disturbed(subject: Subject, rows: pl.DataFrame, missing: float, noise: float) -> pl.DataFrame:
    """Return the rows with noise on numbers, in their standard deviations, and with some values gone.

    Numbers stay within what the schema has seen, integers whole, and a value goes only where it may.
    """
    random = np.random.default_rng(0)
    changed = []
    for column in map(subject.schema.column, subject.features):
        values = rows[column.name]
        if column.kind in ("number", "integer"):
            spread = values.std()
            step = noise * spread if isinstance(spread, float) else 0.0
            values = (values + step * random.standard_normal(rows.height)).clip(column.low, column.high)
            values = values.round() if column.kind == "integer" else values
        if column.nullable:
            values = values.set(pl.Series(random.random(rows.height) < missing), None)
        changed.append(values.alias(column.name))
    return rows.with_columns(changed)


def _losses(subject: Subject, model: Model, rows: pl.DataFrame, disturbed: pl.DataFrame) -> Array:
    """Return the loss of each row, as it is and disturbed; shape (n, 2)."""
    truth, metric = subject.twin.truth(rows[subject.project.data.label]), primary(subject.twin.task)
    answers = (
        aligned(model.predict(each), model.classes, subject.twin.classes) for each in (rows, disturbed)
    )
    return np.column_stack([metric.losses(truth, each) for each in answers])


def _interval(losses: Array, figure: Callable[[Array], float]) -> Interval:
    sums = np.array([part.sum(axis=0) for part in np.array_split(losses, min(PARTS, len(losses)))])
    return jackknife(sums, figure)


def _over(found: Interval, limit: float, what: str, rows: list[dict[str, object]]) -> Finding | None:
    """Return that a cost is above its limit, beyond chance or perhaps; None where it is not."""
    if found.value <= limit:
        return None
    reason = (
        f"{_share(found.value)} ({_share(found.low)} to {_share(found.high)}) {what}, {_share(limit)} allowed"
    )
    say = failed if found.low > limit else inconclusive
    return say(reason, rows=rows, cost=found.value, low=found.low, high=found.high)


def _worst(disturbed: pl.DataFrame, losses: Array) -> list[dict[str, object]]:
    """Return the disturbed rows that cost most."""
    table = disturbed.with_columns(loss=losses[:, 0], disturbed_loss=losses[:, 1])
    return table.top_k(5, by=pl.col("disturbed_loss") - pl.col("loss")).to_dicts()


def _share(value: float) -> str:
    return f"{value:.1%}"
