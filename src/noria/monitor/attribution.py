"""Drift of what a version goes by: how much each column moves its answers, beside the days that it knew.

A column may drift where the model is flat, and then nobody needs to know; or a little where it is steep. So
this asks for the mean size of each column's contributions on a day, and holds it against those of the days
that the version learnt from: the same number of rows from each, and the day is the yardstick, not the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import log
from pathlib import Path

import numpy as np
import polars as pl

from noria.artifact.contributions import Contribute
from noria.core.drift.blocks import FEWEST, TAIL, independent, tail
from noria.core.drift.budget import covered, daily
from noria.core.drift.discovery import SHARE, adjusted
from noria.core.quality import Array
from noria.monitor.recurrence import again
from noria.project.model import Project
from noria.rows import SignalRow

MONITOR = "attribution"
ROWS, FEW = 100, 30
"""The rows of a day whose contributions are asked for, and how many it takes."""
LEAST = 0.01
"""The share of all contributions below which a column is passed over."""
SMALLEST = 1e-12
STEADY = 1e-3
"""The least that days are taken to differ by, as a share: nobody cares for less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A version's `day`, with what was said of the days `before`; `features` are its columns, in order."""

    project: Project
    version: int
    day: date
    features: Sequence[str]
    before: Sequence[SignalRow]


def attribution(
    asked: Asked, tell: Contribute | None, background: pl.DataFrame, rows: pl.DataFrame, cache: Path
) -> list[SignalRow]:
    """Return a signal for each column that is not as usual, or one that says that all are, or are not judged.

    `tell` are the version's own contributions, None where it has none. `background` are rows that it learnt
    from, with their `_time`; `rows` are some of those that it was asked on the day. What is usual is kept in
    the folder `cache`, which is this background's own.
    """
    if tell is None:
        return [_whole(asked, "not judged: this kind of model has no contributions of its own")]
    days = _days(background)
    count = min(ROWS, rows.height, int(np.median([day.height for day in days] or [0])))
    samples = [day.sample(count, seed=0) for day in days if day.height >= count]
    if count < FEW or len(samples) < FEWEST:
        found = f"{len(samples)} days to learn from, and {count} rows of each"
        return [_whole(asked, f"not judged: {found}; it takes {FEWEST} and {FEW}")]
    usual = _usual(tell, samples, cache / f"{count}.npy")
    return _judged(asked, usual, _sizes(tell, rows.head(count)))


def _days(background: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the rows of each day, the oldest first; none where rows have no time."""
    if not background["_time"].dtype.is_temporal():
        return []
    dated = background.with_columns(_day=pl.col("_time").dt.date()).sort("_time")
    return dated.partition_by("_day", maintain_order=True)


def _usual(tell: Contribute, days: Sequence[pl.DataFrame], file: Path) -> Array:
    """Return the sizes of each day, shape (days, features); computed once, since it takes seconds."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".part.npy")
        np.save(draft, np.stack([_sizes(tell, day) for day in days]))
        draft.replace(file)
    usual: Array = np.load(file)
    return usual


def _sizes(tell: Contribute, rows: pl.DataFrame) -> Array:
    """Return the mean size of each column's contributions; shape (features,)."""
    sizes: Array = np.abs(tell(rows).parts).mean(axis=(0, 1))
    return sizes


def _judged(asked: Asked, usual: Array, now: Array) -> list[SignalRow]:
    """Hold the sizes of a day against those of the usual days, shape (days, features)."""
    whole = usual.mean(axis=0)
    matters = np.maximum(whole / max(whole.sum(), SMALLEST), now / max(now.sum(), SMALLEST)) >= LEAST
    names = [name for name, counts in zip(asked.features, matters, strict=True) if counts]
    found = [_held(usual[:, place], float(now[place])) for place in np.flatnonzero(matters)]
    together = adjusted(np.array([p for p, _, _ in found])) if found else np.empty(0)
    said = [
        _signal(asked, name, size, limits, float(p))
        for name, (_, limits, size), p in zip(names, found, together, strict=True)
        if p <= SHARE
    ]
    return said or [_whole(asked, f"the contributions of {len(names)} columns are as usual")]


def _held(usual: Array, size: float) -> tuple[float, tuple[float, float], float]:
    """Return the probability of a size as far out as this one, between which limits it usually is, and it."""
    logs = np.log(np.maximum(usual, SMALLEST))
    mean, spread, days = float(logs.mean()), max(float(logs.std(ddof=1)), STEADY), independent(logs)
    value = log(max(size, SMALLEST))
    above, high = tail(value, mean, spread, days, TAIL / 2)
    below, low = tail(-value, -mean, spread, days, TAIL / 2)
    return min(1.0, 2 * min(above, below)), (1 / low, high), size


def _signal(asked: Asked, name: str, size: float, limits: tuple[float, float], together: float) -> SignalRow:
    low, high = limits
    a_day = daily(asked.project.alerts.false_alarms)
    sure = covered(together, a_day, again(asked.day, (asked.version, MONITOR, name), asked.before))
    way = "more" if size > high else "less"
    reason = f"{name} moves answers {way} than it did: {size:.3g} a row, usually {low:.3g} to {high:.3g}"
    limit = high if size > high else low
    return _said(asked, name, "alert" if sure else "notice", size, limit, reason, together)


def _whole(asked: Asked, reason: str) -> SignalRow:
    return _said(asked, "", "ok", 0.0, 0.0, reason, 1.0)


def _said(
    asked: Asked, subject: str, level: str, value: float, limit: float, reason: str, together: float
) -> SignalRow:
    return SignalRow(
        model=asked.project.name,
        day=asked.day.isoformat(),
        version=asked.version,
        monitor=MONITOR,
        subject=subject,
        level=level,
        value=value,
        limit=limit,
        reason=reason,
        numbers={"together": together},
    )
