"""A column's values, each held against a limit for a metric."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noria.core.jackknife import jackknife
from noria.core.quality import METRICS, Array, Metric
from noria.errors import DataError
from noria.gates.finding import Finding, failed, inconclusive, passed
from noria.gates.judged import Judged, judged
from noria.gates.slicing import slicing
from noria.gates.subject import Subject
from noria.project.kinds import nearest

CHANCE = 0.05
"""How often a candidate that is just at the limit on all slices is refused at most."""
PARTS = 20
"""Parts of the holdout, one after the other in time, of which each is left out once."""


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
    cut = slicing(subject.holdout[column])
    counts = np.bincount(cut.codes, minlength=len(cut.names))
    asked = {cut.names[number]: cut.codes == number for number in np.flatnonzero(counts >= rows)}
    if not asked:
        return inconclusive(f"no value of {column} has {rows} rows in the holdout")
    seen, measure = judged(subject), METRICS[metric]
    confidence = 1 - 2 * CHANCE / len(asked)
    limits = Limits(metric=measure, limit=limit, worse=worse)
    table = [{"slice": name, **_slice(seen, part, limits, confidence)} for name, part in asked.items()]
    table = sorted((row for row in table if isfinite(row["beyond"])), key=lambda row: -row["beyond"])
    if not table:
        return inconclusive(f"{metric} is undefined on every value of {column}")
    failing = [row for row in table if row["low"] > 0]
    first = (failing or table)[0]
    numbers = {name: first[name] for name in (metric, "limit", "beyond", "low", "high")}
    if failing:
        return failed(_told(first, metric), rows=failing, **numbers)
    return passed(f"worst is {_told(first, metric)}", rows=table, **numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a metric may be on a slice, and how much worse than the whole: as a share of what it lacks."""

    metric: Metric
    limit: float | None
    worse: float

    def allowed(self, whole: float) -> float:
        """Return the stricter limit where the metric is `whole` on all rows."""
        sign, lack = (1, whole) if self.metric.lower_is_better else (-1, 1 - whole)
        return sign * min(sign * whole + lack * self.worse, inf if self.limit is None else sign * self.limit)


def _slice(seen: Judged, part: NDArray[np.bool_], limits: Limits, confidence: float) -> dict[str, Any]:
    """Return the metric of a slice, its limit, and by how much it is beyond that, with an interval.

    The interval is by parts of the holdout's time: a week that is bad for a slice is bad for the whole too.
    """
    metric, count = limits.metric, len(seen.truth)

    def scores(kept: Array) -> tuple[float, float]:
        here, there = kept > 0, part & (kept > 0)
        whole = metric.score(seen.truth[here], seen.output[here])
        return metric.score(seen.truth[there], seen.output[there]), limits.allowed(whole)

    def beyond(kept: Array) -> float:
        value, allowed = scores(kept)
        return value - allowed if metric.lower_is_better else allowed - value

    times = np.arange(count) * PARTS // count == np.arange(PARTS)[:, None]
    found = jackknife(times.astype(float), beyond, confidence)
    value, allowed = scores(np.ones(count))
    ends = {"beyond": found.value, "low": found.low, "high": found.high}
    return {metric.name: value, "limit": allowed, "rows": int(part.sum()), **ends}


def _told(row: dict[str, Any], metric: str) -> str:
    by = f"beyond it by {row['beyond']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})"
    return f"{row['slice']}: {metric} {row[metric]:.4f} on {row['rows']} rows, limit {row['limit']:.4f}, {by}"
