"""A past prediction, found again by its id: in the table, or in what the collector has not taken over yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from noria import segment
from noria.collector.records import Predictions, layout, parse, predictions
from noria.delta import Table
from noria.errors import StateError
from noria.outcomes import ROLES
from noria.project.model import Project
from noria.project.table import read_schema

SHOWN = 5
"""Predictions of one id that are listed."""
_UNASKED = {
    "fallback": "no version answered {id}: its answer is serve.fallback",
    "abstained": "nobody answered {id}: it was unlike all that the model learnt from (monitor.outliers)",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """A prediction that a `version` answered: its `output`, a number or several, and its `row`, as stored."""

    id: str
    at: datetime
    entity: str
    version: int
    role: str
    output: float | list[float]
    row: pl.DataFrame


def find(project: Project, key: str, *, at: str = "", entity: str = "") -> Prediction:
    """Return the prediction of an id; of several the one of `entity`, whose time (ISO 8601) begins with `at`.

    Raises:
        StateError: there is none, there are several, or no version answered.
    """
    rows = _chosen(rows_of(project, key), at, entity)
    if rows.is_empty():
        told = f" at {at}" * bool(at) + f" of {entity}" * bool(entity)
        raise StateError(
            f"no prediction {key}{told} of the model {project.name} is known; "
            "the ids of several rows end with /0, /1 and so on",
            hint="noria explain --help",
        )
    return _only(rows, key)


def rows_of(project: Project, key: str) -> pl.DataFrame:
    """Return all that is kept of an id; without rows or columns where nothing is."""
    table = Table(project.home / "lake" / "predictions", by_day=True)
    kept = table.scan().filter(pl.col("id") == key).collect() if table.rows else pl.DataFrame()
    return kept if kept.height else _waiting(project, table, key)


def _chosen(rows: pl.DataFrame, at: str, entity: str) -> pl.DataFrame:
    if rows.is_empty():
        return rows
    begins = pl.col("at").dt.to_string("%Y-%m-%dT%H:%M:%S%.6f").str.starts_with(at)
    return rows.filter(begins, pl.lit(not entity) | (pl.col("entity") == entity)).sort("at")


def _only(rows: pl.DataFrame, key: str) -> Prediction:
    """Return the one row that a version answered to a client."""
    answers = rows.filter(pl.col("role").is_in(ROLES))
    if answers.is_empty():
        unasked = next((role for role in rows["role"] if role in _UNASKED), "")
        told = _UNASKED.get(unasked, "{id} was copied to shadows only, and their answers reached nobody")
        raise StateError(told.format(id=key), hint="noria status")
    if answers.height > 1:
        raise _several(answers, key)
    row = answers.row(0, named=True)
    return Prediction(
        id=key,
        at=row["at"],
        entity=row["entity"],
        version=row["version"],
        role=row["role"],
        output=row["output"],
        row=answers,
    )


def _several(answers: pl.DataFrame, key: str) -> StateError:
    rows = answers.select("at", "entity").head(SHOWN).iter_rows()
    told = ", ".join(f"{at:%Y-%m-%dT%H:%M:%S} of {entity}" for at, entity in rows)
    return StateError(
        f"{key} was answered {answers.height} times: {told}; say which, by --at or --entity",
        hint=f"noria explain {key} --at {answers['at'][0]:%Y-%m-%dT%H:%M:%S}",
    )


def _waiting(project: Project, table: Table, key: str) -> pl.DataFrame:
    """Return the rows of an id that no table has yet."""
    unread = (record for record in _unread(project, table) if record.model == project.name)
    found = [record for record in unread if key in record.ids]
    if not found:
        return pl.DataFrame()
    return predictions(found, layout(project, read_schema(project.root))).filter(pl.col("id") == key)


def _unread(project: Project, table: Table) -> Iterator[Predictions]:
    for path in (project.home / "log").glob("*.seg"):
        try:
            records = segment.read(path, table.mark(path.name)).records
        except FileNotFoundError:  # the collector took it over meanwhile
            continue
        yield from (record for record in map(parse, records) if isinstance(record, Predictions))
