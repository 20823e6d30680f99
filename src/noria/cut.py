"""The rows of a run, parted: the newest matured ones are held out, and windows of the rest are trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from noria.core.windows import ALL, RECENT
from noria.errors import DataError
from noria.project.model import Project, Task
from noria.project.units import parse_duration

RECENT_HOLDOUTS = 8
"""The window "recent" is so many times as long as the holdout, and at most half of the rows of a share."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """The rows of a window: `train` ends where the holdout begins, `full` with the last known label."""

    window: str
    train: pl.DataFrame
    full: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cuts:
    """The holdout, when it begins ("" where nothing is held out), and a stretch for each window.

    `since` is the moment after which all is held out, None where it is what the project says. `before` and
    `newest` are the times of the last row before the holdout, and of the last one of all.
    """

    holdout: pl.DataFrame
    holdout_from: str
    since: str | None
    before: str
    newest: str
    stretches: tuple[Stretch, ...]


def cut(
    rows: pl.DataFrame,
    project: Project,
    windows: Sequence[str],
    *,
    due: datetime | None,
    since: str | None = None,
) -> Cuts:
    """Part the rows whose labels are known, sorted by `_time` (a Datetime, or an Int64 for an order).

    The labels of rows up to `due` are due, None: of all. Later ones came early and are no fair sample: they
    are trained on once the gates have passed, and never judged by. A window that holds the same rows as one
    before it is left out, and so is one in which the label does not vary. Held out is all that came after
    `since`, the time of a row, as text; where that is too little to compare two models on, what the project
    says.

    Raises:
        DataError: what is known is too little to train on or to hold out, or the label never varies.
    """
    end = rows.height if due is None else int(rows["_time"].search_sorted(due, side="right"))
    begin = _after(rows["_time"][:end], since, project) if since else None
    if begin is None:
        since, (begin, end) = None, _held_out(rows, project.train.holdout, end)
    before, holdout = rows[:begin], rows[begin:end]
    found: dict[tuple[int, int], Stretch] = {}
    for window in windows:
        train, full = (_stretch(part, window, project.train.holdout) for part in (before, rows))
        if train[project.data.label].n_unique() > 1:
            found.setdefault((train.height, full.height), Stretch(window=window, train=train, full=full))
    if not found:
        raise _unvarying(before, project)
    start = _text(holdout["_time"][0]) if holdout.height else ""
    return Cuts(
        holdout=holdout,
        holdout_from=start,
        since=since,
        before=_text(rows["_time"][begin - 1]),
        newest=_text(rows["_time"][-1]),
        stretches=tuple(found.values()),
    )


def _after(times: pl.Series, since: str, project: Project) -> int | None:
    """Return where the times after a moment begin; None where the gates would call them too few.

    Two models are compared by days, or by stretches of an order, and it takes two.
    """
    begin = int(times.search_sorted(_moment(since, times), side="right"))
    held = times[begin:]
    blocks = held.dt.date() if held.dtype.is_temporal() else held
    return begin if begin and len(held) >= project.enough_rows and blocks.n_unique() > 1 else None


def _held_out(rows: pl.DataFrame, holdout: timedelta | float, end: int) -> tuple[int, int]:
    """Return where the holdout begins and ends, at most at `end`; rows of one moment are never parted."""
    if not holdout:
        return rows.height, rows.height
    times = rows["_time"]
    begin = _last(times[:end], holdout) if end else 0
    if 0 < begin < end:
        return begin, end
    raise DataError(
        f"train.holdout = {holdout} leaves no row to {'hold out' if begin == end else 'train on'}: "
        f"{end} labels are known and due, from {_text(times[0])} to {_text(times[-1])}; "
        f"change it, or give more data",
        hint="noria doctor",
    )


def _stretch(rows: pl.DataFrame, window: str, holdout: timedelta | float) -> pl.DataFrame:
    """Return the rows of a window that ends with the last of them."""
    if window == ALL:
        return rows
    if window != RECENT:
        return rows[_last(rows["_time"], parse_duration(window)) :]
    if isinstance(holdout, timedelta):
        return rows[_last(rows["_time"], RECENT_HOLDOUTS * holdout) :]
    share = RECENT_HOLDOUTS * holdout
    return rows[_last(rows["_time"], share if 0 < share < 1 else 0.5) :]


def _last(times: pl.Series, length: timedelta | float) -> int:
    """Return where the newest stretch of some times begins, by its duration, or by its share of them."""
    if isinstance(length, float):
        oldest = times[-math.ceil(length * len(times))]
        return int(times.search_sorted(oldest, side="left"))
    if not times.dtype.is_temporal():
        raise DataError(
            "train.holdout: is a duration, but the project has no data.time; "
            "allowed then: a share, such as 20%",
            hint="noria doctor",
        )
    return int(times.search_sorted(times[-1] - length, side="right"))


def _unvarying(before: pl.DataFrame, project: Project) -> DataError:
    """A model learns nothing from a label that has one value."""
    label = project.data.label
    wanted = "a 1 and a 0" if project.task == Task.BINARY else "two values"
    return DataError(
        f"{label}: is always {before[label][0]} in the {before.height} rows before the holdout; "
        f"a {project.task} label needs at least {wanted}",
        hint="noria doctor",
    )


def _text(time: Any) -> str:
    return time.isoformat() if isinstance(time, datetime) else str(time)


def _moment(text: str, times: pl.Series) -> datetime | int:
    return datetime.fromisoformat(text) if times.dtype.is_temporal() else int(text)
