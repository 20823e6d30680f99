"""What the candidate does for the values of the sensitive columns, and the gaps between them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from noria.core.fairness import ENOUGH, ROWS, Rate, gap, rates
from noria.core.interval import Interval
from noria.core.jackknife import jackknife
from noria.core.quality import Array
from noria.gates.finding import Finding, failed, inconclusive, passed
from noria.gates.judged import Judged, judged
from noria.gates.slicing import slicing
from noria.gates.subject import Subject

CHANCE = 0.01
"""How often a candidate whose gaps are just at the ceilings is refused at most."""


def fairness(subject: Subject, *, selection_rate: float, equalised_odds: float, loss: float) -> Finding:
    """No gap between the values of a sensitive column is above its ceiling, beyond chance.

    The gap of the loss is a share of the whole's.
    """
    columns = subject.project.monitor.sensitive
    if subject.holdout.is_empty():
        return inconclusive("nothing is held out")
    seen = judged(subject)
    task, metric = str(subject.project.task), subject.project.loss
    losses = metric.losses(seen.truth, seen.output)
    ceilings = {
        "selection rate": selection_rate,
        "true positive rate": equalised_odds,
        "false positive rate": equalised_odds,
        "loss": loss * float(losses.mean()),
    }
    compared = rates(task)
    confidence = 1 - 2 * CHANCE / (len(columns) * len(compared))
    table: list[dict[str, Any]] = []
    for column in columns:
        names, counts = _counts(seen, column, losses, binary=task == "binary")
        for name, rate in compared.items():
            found = jackknife(counts, partial(gap, rate=rate), confidence)
            if np.isfinite(found.value):
                table.append(_row(column, name, found, ceilings[name], _said(names, counts, rate)))
    if not table:
        return inconclusive(f"of {', '.join(columns)}, fewer than two values have {ENOUGH} rows")
    beyond = [row for row in table if row["low"] > row["ceiling"]]
    first = beyond[0] if beyond else max(table, key=lambda row: row["gap"])
    text = f"{first['rate']} by {first['column']} differs by {first['gap']:.3f}"
    numbers = {name: first[name] for name in ("gap", "low", "high", "ceiling")}
    if beyond:
        allowed = f"({first['low']:.3f} to {first['high']:.3f}), {first['ceiling']:.3f} at most is allowed"
        return failed(f"{text} {allowed}: {first['values']}", rows=beyond, **numbers)
    return passed(text, rows=table, **numbers)


def _counts(seen: Judged, column: str, losses: Array, *, binary: bool) -> tuple[tuple[str, ...], Array]:
    """Return the values of a column, and their counts by block; shape (blocks, values, 7)."""
    values = slicing(seen.rows[column])
    selected = (seen.output > 0.5).astype(float) if binary else np.zeros(len(losses))
    positive = (seen.truth == 1).astype(float) if binary else np.zeros(len(losses))
    ones = np.ones(len(losses))
    weights = (ones, ones, losses, selected, positive, selected * positive, selected * (1 - positive))
    number, block = np.unique(seen.blocks, return_inverse=True)
    shape = (len(number), len(values.names))
    cell = block * shape[1] + values.codes
    each = [np.bincount(cell, weight, shape[0] * shape[1]).reshape(shape) for weight in weights]
    return values.names, np.stack(each, axis=-1)


def _row(column: str, rate: str, found: Interval, ceiling: float, values: str) -> dict[str, Any]:
    return {
        "column": column,
        "rate": rate,
        "gap": found.value,
        "low": found.low,
        "high": found.high,
        "ceiling": ceiling,
        "values": values,
    }


def _said(names: tuple[str, ...], counts: Array, rate: Rate) -> str:
    """Return the values with the lowest and the highest rate."""
    total = counts.sum(axis=0)
    known = np.where(total[:, ROWS] >= ENOUGH, rate(total), np.nan)
    if not np.isfinite(known).any():
        return ""
    ends = (int(np.nanargmin(known)), int(np.nanargmax(known)))
    return ", ".join(f"{names[place]} {known[place]:.3f}" for place in ends)
