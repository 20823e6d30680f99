"""What is wrong with a history, named with its rows before any hour is spent on a replay.

Fatal is what makes a replay impossible or its result wrong; what merely colours the result is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from noria.core.windows import ALL
from noria.cut import cut
from noria.errors import DataError
from noria.project.model import Project
from noria.replay.history import NEVER, History, micros

FEWEST_LABELS = 20
"""Labels that must be known when a replay begins, and that must become known until it ends."""
FEWEST_HOLDOUTS = 4
"""How many holdouts long a history must be at least."""
MOST_EARLY = 0.01
"""The share of labels that may be known before their rows came: more is a leak, not a slip."""
MANY_UNLABELLED = 0.2
LONG_GAP, LONG_SHARE = timedelta(days=14), 0.05
"""A gap is longer than both: so much time, and this share of the history."""
SHOWN = 3
"""Gaps that are written out."""
_DAY, _MICROSECOND = timedelta(days=1), timedelta(microseconds=1)


def examine(
    history: History, project: Project, begin: datetime, end: datetime, now: datetime
) -> tuple[str, ...]:
    """Return a sentence for whatever colours a replay of the history from `begin` to `end`.

    Raises:
        DataError: the replay is impossible, or would be wrong; it names every such fault.
    """
    outside = list(_outside(history, begin, end))
    faults = [*outside, *_future(history, project, now), *_early(history, project, fatal=True)]
    if not outside:
        faults += [*_short(history, project), *_unlearnable(history, project, begin, end)]
    if faults:
        raise DataError("\n".join(faults), hint="noria replay --help" if outside else "noria doctor")
    return (
        *_refused(history),
        *_repeated(history, project),
        *_backwards(history, project),
        *_gaps(history, project),
        *_early(history, project, fatal=False),
        *_unlabelled(history),
        *_ordered(history, project),
    )


def _outside(history: History, begin: datetime, end: datetime) -> Iterator[str]:
    """A day after the last row or label is still inside: a date given as the end means the whole day."""
    first, last = history.moment(0), _last(history)
    if begin >= end:
        yield f"--from {_text(begin)} is not before --to {_text(end)}"
    for option, moment in (("--from", begin), ("--to", end)):
        if not first <= moment <= last + _DAY:
            yield f"{option} {_text(moment)} is outside of the history: {_text(first)} to {_text(last)}"


def _future(history: History, project: Project, now: datetime) -> Iterator[str]:
    if history.spread:
        return
    yield from _each(history, project, history.times > micros(now), f"a time later than now, {_text(now)}")
    if project.data.label_time:
        late = (history.known > micros(now)) & (history.known < NEVER)
        yield from _each(history, project, late, f"a label from later than now, {_text(now)}")


def _early(history: History, project: Project, *, fatal: bool) -> Iterator[str]:
    """Labels that were known before their rows came leak what was to be predicted, if they are many."""
    early = history.known < history.times
    if (early.mean() > MOST_EARLY) == fatal:
        allowed = (
            f"; allowed: {MOST_EARLY:.0%} of the rows" if fatal else "; it counts from the row's time on"
        )
        yield from _each(history, project, early, f"a label from before their own time{allowed}")


def _short(history: History, project: Project) -> Iterator[str]:
    holdout = project.train.holdout
    if not isinstance(holdout, timedelta):
        return
    span = history.moment(-1) - history.moment(0)
    if span < FEWEST_HOLDOUTS * holdout:
        yield (
            f"the history is too short: its rows span {_days(span)}, and {_days(FEWEST_HOLDOUTS * holdout)} "
            f"are needed: {FEWEST_HOLDOUTS} times train.holdout, {_days(holdout)}"
        )


def _unlearnable(history: History, project: Project, begin: datetime, end: datetime) -> Iterator[str]:
    """Look at what is known at the begin, as the first run will, and at what will be measured."""
    known, later = history.labelled(begin), history.labelled(end) & (history.times > micros(begin))
    if known.sum() < FEWEST_LABELS:
        yield f"{known.sum()} labels are known at {_text(begin)}, the begin; {FEWEST_LABELS} are needed"
    if later.sum() < FEWEST_LABELS:
        yield (
            f"{later.sum()} rows from {_text(begin)} to {_text(end)} get a label by then; "
            f"{FEWEST_LABELS} are needed"
        )
    labels = history.rows[project.data.label].drop_nulls()
    if labels.n_unique() < 2:
        found = f"always {labels[0]}" if len(labels) else "missing"
        rows = len(labels) or len(known)
        yield f"{project.data.label}: is {found} in all {rows} rows; two values are needed"
    elif known.sum() >= FEWEST_LABELS:
        try:
            due = None if history.spread else begin - project.data.label_delay
            cut(history.rows.filter(known), project, [ALL], due=due)
        except DataError as error:
            yield f"at {_text(begin)}, the begin: {error.message}"


def _refused(history: History) -> Iterator[str]:
    """One sentence for each column that rows were refused for."""
    column = pl.col("reason").str.extract(r"^(.*?): ")
    for _, rows in history.refused.group_by(column.alias("column"), maintain_order=True):
        number, reason = rows.row(0)
        yield f"{_count(len(rows))} refused, as by an ingest: row {number}: {reason}"


def _repeated(history: History, project: Project) -> Iterator[str]:
    """Look where there is no entity: with one, the contract has refused them."""
    if project.data.identity:
        return
    columns = [name for name in history.rows.columns if not name.startswith("_")]
    again = history.rows.select(~pl.struct(columns).is_first_distinct()).to_series().to_numpy()
    yield from _each(history, project, again, "the values of a row before; they stay")


def _backwards(history: History, project: Project) -> Iterator[str]:
    if history.spread:
        return
    numbers = history.rows["_row"].fill_null(2**62).to_numpy()
    order = np.argsort(numbers)[: history.rows["_row"].count()]
    back = np.zeros(len(numbers), np.bool_)
    back[order[1:]] = np.diff(history.times[order]) < 0
    yield from _each(history, project, back, "a time before that of the row above; they were sorted")


def _gaps(history: History, project: Project) -> Iterator[str]:
    times = history.times
    longest = max(LONG_GAP // _MICROSECOND, LONG_SHARE * (times[-1] - times[0]))
    gaps = [] if history.spread else np.flatnonzero(np.diff(times) > longest).tolist()
    for gap in gaps[:SHOWN]:
        length = _days(history.moment(gap + 1) - history.moment(gap))
        rows = f"{_named(history, project, gap)} and {_named(history, project, gap + 1)}"
        yield f"there are no rows for {length} between {rows}"
    if len(gaps) > SHOWN:
        yield f"there are {len(gaps) - SHOWN} more such gaps"


def _unlabelled(history: History) -> Iterator[str]:
    never = history.known == NEVER
    if never.mean() > MANY_UNLABELLED:
        yield f"{never.mean():.0%} of the rows ({never.sum()} of {len(never)}) never get a label"


def _ordered(history: History, project: Project) -> Iterator[str]:
    if history.spread:
        yield "without data.time the rows have only an order: they were spread evenly over 52 weeks"
    if history.spread and project.data.label_time:
        yield "data.label_time has no place among made-up times: each label counts as known with its row"


def _each(history: History, project: Project, which: NDArray[np.bool_], what: str) -> Iterator[str]:
    """One sentence for all the rows of a kind, with the first of them in the order of the sources."""
    rows = np.flatnonzero(which)
    if len(rows):
        first = rows[np.argmin(history.rows["_row"].fill_null(2**62).to_numpy()[rows])]
        verb = "has" if len(rows) == 1 else "have"
        yield f"{_count(len(rows))} {verb} {what}: first {_named(history, project, int(first))}"


def _named(history: History, project: Project, index: int) -> str:
    """Return a row as people find it: its number in the sources, its entity and its time."""
    row, entity = history.rows.row(index, named=True), project.data.entity
    number = f"row {row['_row']}" if row["_row"] else "a row of the dataset"
    marks = [str(row[entity])] if entity else []
    marks += [] if history.spread else [_text(row["_time"])]
    return f"{number} ({', '.join(marks)})" if marks else number


def _count(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows} rows"


def _last(history: History) -> datetime:
    """Return when the last row came or the last label was known."""
    last = history.moment(-1)
    return max(last, cast("datetime | None", history.rows["_known"].max()) or last)


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _days(span: timedelta) -> str:
    return f"{span / _DAY:.3g} days"
