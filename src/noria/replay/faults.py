"""What makes a replay of a history impossible or its result wrong, named before any hour is spent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import cast

import numpy as np
from numpy.typing import NDArray

from noria.core.windows import ALL
from noria.cut import cut
from noria.errors import DataError
from noria.project.model import Project
from noria.replay.history import NEVER, History, micros
from noria.replay.oddities import days, minute, oddities, sighted

FEWEST_LABELS = 20
"""Labels that must be known when a replay begins, and that must become known until it ends."""
FEWEST_HOLDOUTS = 4
"""How many holdouts long a history must be at least."""
MOST_EARLY = 0.01
"""The share of labels that may be known before their rows came: more is a leak, not a slip."""
_DAY = timedelta(days=1)


def examine(
    history: History, project: Project, begin: datetime, end: datetime, now: datetime
) -> tuple[str, ...]:
    """Return a sentence for whatever colours a replay of the history from `begin` to `end`.

    Raises:
        DataError: the replay is impossible, or would be wrong; it names every such fault.
    """
    outside = list(_outside(history, begin, end))
    early = history.known < history.times
    leaks = early.mean() > MOST_EARLY
    faults = [*outside, *_future(history, project, now), *(_early(history, early) if leaks else ())]
    if not outside:
        faults += [*_short(history, project), *_unlearnable(history, project, begin, end)]
    if faults:
        raise DataError("\n".join(faults), hint="noria replay --help" if outside else "noria doctor")
    return (*oddities(history, project), *_early(history, early))


def _outside(history: History, begin: datetime, end: datetime) -> Iterator[str]:
    """A day after the last row or label is still inside: a date given as the end means the whole day."""
    first, last = history.moment(0), history.moment(-1)
    last = max(last, cast("datetime | None", history.rows["_known"].max()) or last)
    if begin >= end:
        yield f"--from {minute(begin)} is not before --to {minute(end)}"
    for option, moment in (("--from", begin), ("--to", end)):
        if not first <= moment <= last + _DAY:
            yield f"{option} {minute(moment)} is outside of the history: {minute(first)} to {minute(last)}"


def _future(history: History, project: Project, now: datetime) -> Iterator[str]:
    if history.spread:
        return
    yield from sighted(history, history.times > micros(now), f"a time later than now, {minute(now)}")
    if project.data.label_time:
        late = (history.known > micros(now)) & (history.known < NEVER)
        yield from sighted(history, late, f"a label from later than now, {minute(now)}")


def _early(history: History, early: NDArray[np.bool_]) -> Iterator[str]:
    """Such labels leak what is to be predicted; a few are a slip, and count from the time of the row on."""
    allowed = f"(allowed: {MOST_EARLY:.0%} of the rows)"
    yield from sighted(history, early, f"a label that was known before the row came {allowed}")


def _short(history: History, project: Project) -> Iterator[str]:
    holdout = project.train.holdout
    if not isinstance(holdout, timedelta):
        return
    span = history.moment(-1) - history.moment(0)
    if span < FEWEST_HOLDOUTS * holdout:
        yield (
            f"the history is too short: its rows span {days(span)}, and {days(FEWEST_HOLDOUTS * holdout)} "
            f"are needed: {FEWEST_HOLDOUTS} times train.holdout, {days(holdout)}"
        )


def _unlearnable(history: History, project: Project, begin: datetime, end: datetime) -> Iterator[str]:
    """Look at what is known at the begin, as the first run will, and at what will be measured."""
    known, later = history.labelled(begin), history.labelled(end) & (history.times > micros(begin))
    if known.sum() < FEWEST_LABELS:
        yield f"{known.sum()} labels are known at {minute(begin)}, the begin; {FEWEST_LABELS} are needed"
    if later.sum() < FEWEST_LABELS:
        yield (
            f"{later.sum()} rows from {minute(begin)} to {minute(end)} get a label by then; "
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
            yield f"at {minute(begin)}, the begin: {error.message}"
