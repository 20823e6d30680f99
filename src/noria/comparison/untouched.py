"""The rows that two versions are compared on: the newest matured ones, which neither of them learnt from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from pathlib import Path

import polars as pl

from noria.adapters.contract import check
from noria.adapters.ingest import as_sent, feedback
from noria.adapters.lake import Dataset, unknown, visible
from noria.errors import DataError
from noria.project.model import Project
from noria.project.table import TableSchema
from noria.rows import VersionRow

MOST = 100_000
"""The newest rows that are asked about."""
SHIPS, BEFORE_REFIT = "as it ships", "before its refit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """An artifact that speaks for a version, and which rows are new to it."""

    version: int
    artifact: Path
    asked: str
    new: pl.Expr


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Untouched:
    """The rows, who speaks for A and for B, and a sentence on which rows these are."""

    rows: pl.DataFrame
    a: Stand
    b: Stand
    told: str


def known(project: Project, schema: TableSchema, now: datetime) -> pl.DataFrame:
    """Return the rows whose labels are known and due, by `_time`: the dataset, and feedback on its way there.

    Raises:
        DataError: there are none.
    """
    dataset, data = Dataset(project.home / "lake", project.data), project.data
    stored = dataset.read().collect() if dataset.version else pl.DataFrame()
    sent = check(feedback(project, schema, dataset, now), as_sent(schema, data), data).rows
    fresh = unknown(sent, stored, data.identity) if data.identity and not stored.is_empty() else sent
    time = pl.col(data.time) if data.time else pl.int_range(pl.len()) + stored.height
    rows = pl.concat([stored, fresh.with_columns(_time=time)], how="diagonal_relaxed")
    due = pl.col("_time") <= now - data.label_delay if data.time else pl.lit(True)
    rows = visible(rows.lazy(), now).filter(due).collect()
    if rows.is_empty():
        raise DataError(f"no label of {project.name} is known and due at {now}", hint="noria label --help")
    return rows.sort("_time", maintain_order=True)


def untouched(rows: pl.DataFrame, a: VersionRow, b: VersionRow, enough: int) -> Untouched:
    """Return the newest rows that neither version learnt from, `enough` of them if there are.

    Where there are too few that are new to what ships, the twin of a version speaks for it, which was trained
    without the rows that were held out. Where there are still too few, A has learnt from some.

    Raises:
        DataError: what B did not learn from is less than two days.
    """
    ordered = not rows["_time"].dtype.is_temporal()
    ours, theirs = (list(_stands(row, ordered)) for row in (a, b))
    fair = [(one, other, one.new & other.new) for one, other in product(ours, theirs)]
    ways = [*fair, *((ours[0], other, other.new) for other in theirs)]
    for least, (one, other, new) in product((enough, 2), ways):
        found = rows.filter(new)
        if found.height >= least and _blocks(found) > 1:
            return Untouched(rows=found.tail(MOST), a=one, b=other, told=_told(one, other, found))
    raise DataError(
        f"of the rows whose label is known, version {b.version} has learnt from all but less than two days",
        hint="noria plan",
    )


def _told(one: Stand, other: Stand, found: pl.DataFrame) -> str:
    if found.filter(one.new).height == found.height:
        return f"new to {_named(one)} and to {_named(other)}"
    return f"new to {_named(other)} alone: version {one.version} knows some, and looks better than it is"


def _stands(row: VersionRow, ordered: bool) -> Iterator[Stand]:
    """Yield who can speak for a version, first what ships."""
    facts, time = row.facts, pl.col("_time")
    held = time >= _moment(facts["holdout_from"], ordered) if facts["holdout_from"] else pl.lit(False)
    later = time > _moment(facts["learnt"], ordered)
    new = later if facts["refit"] else later | held
    yield Stand(version=row.version, artifact=Path(row.artifact), asked=SHIPS, new=new)
    if facts["refit"] and facts["holdout_from"]:
        yield Stand(version=row.version, artifact=Path(facts["twin"]), asked=BEFORE_REFIT, new=later | held)


def _named(stand: Stand) -> str:
    return f"version {stand.version}, {stand.asked}" if stand.asked != SHIPS else f"version {stand.version}"


def _moment(text: str, ordered: bool) -> datetime | int:
    return int(text) if ordered else datetime.fromisoformat(text)


def _blocks(rows: pl.DataFrame) -> int:
    times = rows["_time"]
    return (times.dt.date() if times.dtype.is_temporal() else times).n_unique()
