"""A column's values, each held against a limit for a metric."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any

import numpy as np

from noria.core.interval import Interval
from noria.core.quality import METRICS, Metric
from noria.core.student import quantile
from noria.errors import DataError
from noria.gates.finding import Finding, failed, inconclusive, passed
from noria.gates.judged import Judged, judged
from noria.gates.slicing import slicing
from noria.gates.subject import Subject
from noria.project.kinds import nearest

CHANCE = 0.01
"""How often a candidate that is just at the limit on all slices is refused at most."""
PARTS = 20
"""Parts of a slice's rows, one after the other in time, of which each is left out once."""


def slices(
    subject: Subject, *, column: str, metric: str, limit: float | None, worse: float, rows: int
) -> Finding:
    """On no value of a column, or range of it, is a metric beyond its limit, or much worse than on the whole.

    Raises:
        DataError: there is no such column.
    """
    if column not in subject.schema.names:
        raise DataError(
            f"no such column: {column}; {nearest(column, subject.schema.names)}", hint="noria doctor"
        )
    seen, measure = judged(subject), METRICS[metric]
    limit = _limit(measure, measure.score(seen.truth, seen.output), limit, worse)
    cut = slicing(seen.rows[column])
    parts = {name: seen[cut.codes == number] for number, name in enumerate(cut.names)}
    asked = {name: part for name, part in parts.items() if len(part.truth) >= rows}
    table = [{"slice": name, **_slice(part, measure, len(asked))} for name, part in asked.items()]
    table = [row for row in table if isfinite(row[metric])]
    if not table:
        return inconclusive(f"no value of {column} has {rows} rows in the holdout", limit=limit)
    sign, end = (1, "low") if measure.lower_is_better else (-1, "high")
    table.sort(key=lambda row: -sign * row[metric])
    beyond = [row for row in table if sign * row[end] > sign * limit]
    numbers = {"limit": limit, "value": (beyond or table)[0][metric], "beyond": float(len(beyond))}
    if beyond:
        return failed(_told(beyond[0], metric, limit), rows=beyond, **numbers)
    return passed(f"worst is {_told(table[0], metric, limit)}", rows=table, **numbers)


def _limit(metric: Metric, whole: float, limit: float | None, worse: float) -> float:
    """Return the stricter one of a metric's own limit and what it may be worse than on the whole."""
    sign = 1 if metric.lower_is_better else -1
    lack = whole if metric.lower_is_better else 1 - whole
    return sign * min(sign * whole + lack * worse, inf if limit is None else sign * limit)


def _slice(part: Judged, metric: Metric, slices: int) -> dict[str, Any]:
    found = _interval(part, metric, 1 - 2 * CHANCE / slices)
    return {metric.name: found.value, "low": found.low, "high": found.high, "rows": len(part.truth)}


def _interval(part: Judged, metric: Metric, confidence: float) -> Interval:
    """Return a metric with an interval by the jackknife over parts of the rows (Kuensch, Ann. Stat. 1989)."""
    value = metric.score(part.truth, part.output)
    left_out = np.arange(len(part.truth)) * PARTS // len(part.truth)
    kept = [left_out != number for number in range(PARTS)]
    spread = float(np.var([metric.score(part.truth[those], part.output[those]) for those in kept]))
    half = quantile((1 + confidence) / 2, PARTS - 1) * ((PARTS - 1) * spread) ** 0.5
    half = half if isfinite(half) else inf
    return Interval(value=value, low=value - half, high=value + half)


def _told(row: dict[str, Any], metric: str, limit: float) -> str:
    found = f"{metric} {row[metric]:.4f} ({row['low']:.4f} to {row['high']:.4f}, {row['rows']} rows)"
    return f"{row['slice']}: {found}, the limit is {limit:.4f}"
