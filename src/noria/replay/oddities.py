"""What colours a replay of a history without making it wrong, in sentences that name the rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.project.model import Project
from noria.replay.history import NEVER, History

MANY_UNLABELLED = 0.2
LONG_GAP, LONG_SHARE = timedelta(days=14), 0.05
"""A gap is longer than both: so much time, and this share of the history."""
SHOWN = 3
"""Gaps that are written out."""
_LAST = 2**62
"""Where rows that stand in no source come in the order of the sources."""


def oddities(history: History, project: Project) -> Iterator[str]:
    """Yield a sentence for whatever colours a replay."""
    yield from _refused(history)
    if not project.data.identity:  # with an entity, the contract has refused them
        yield from _repeated(history)
    if history.spread:
        yield from _spread(project)
    else:
        yield from _backwards(history)
        yield from _gaps(history)
    never = history.known == NEVER
    if never.mean() > MANY_UNLABELLED:
        yield f"{never.mean():.0%} of the rows, {never.sum()} of {len(never)}, never get a label"


def sighted(history: History, rows: NDArray[np.bool_], what: str) -> Iterator[str]:
    """Yield one sentence for all the rows of a kind, if any, with the first of them in the sources."""
    numbers = np.flatnonzero(rows)
    if len(numbers):
        first = numbers[np.argmin(_in_sources(history)[numbers])]
        yield f"{_count(len(numbers))} with {what}: first {history.named(int(first))}"


def minute(moment: datetime) -> str:
    """Return a moment to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}"


def days(span: timedelta) -> str:
    """Return how many days a span has."""
    return f"{span / timedelta(days=1):.3g} days"


def _refused(history: History) -> Iterator[str]:
    """One sentence for each column that rows were refused for."""
    column = pl.col("reason").str.extract(r"^(.*?): ")
    for _, rows in history.refused.group_by(column.alias("column"), maintain_order=True):
        number, reason = rows.select("_row", "reason").row(0)
        yield f"{_count(len(rows))} refused, as by an ingest: first row {number}: {reason}"


def _repeated(history: History) -> Iterator[str]:
    values = pl.struct(pl.exclude("_row", "_time", "_known"))
    again = history.rows.select(~values.is_first_distinct()).to_series()
    yield from sighted(history, again.to_numpy(), "the values of a row before, kept as in the dataset")


def _spread(project: Project) -> Iterator[str]:
    yield "without data.time the rows have only an order: they are spread evenly over 52 weeks"
    if project.data.label_time:
        yield "data.label_time has no place among made-up times: each label is known with its row"


def _backwards(history: History) -> Iterator[str]:
    order = np.argsort(_in_sources(history))[: history.rows["_row"].count()]
    back = np.zeros(len(history.times), np.bool_)
    back[order[1:]] = np.diff(history.times[order]) < 0
    yield from sighted(history, back, "a time before that of the row above, sorted in")


def _gaps(history: History) -> Iterator[str]:
    lengths = np.diff(history.times)
    longest = max(LONG_GAP // timedelta(microseconds=1), LONG_SHARE * lengths.sum())
    gaps = np.flatnonzero(lengths > longest).tolist()
    for gap in gaps[:SHOWN]:
        length = days(history.moment(gap + 1) - history.moment(gap))
        yield f"no rows for {length}, between {history.named(gap)} and {history.named(gap + 1)}"
    if len(gaps) > SHOWN:
        yield f"{len(gaps) - SHOWN} more gaps of weeks"


def _in_sources(history: History) -> NDArray[np.int64]:
    return history.rows["_row"].fill_null(_LAST).to_numpy()


def _count(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows} rows"
