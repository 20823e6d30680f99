"""From the sources and the feedback into the dataset; what breaks the contract goes to the quarantine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from noria.adapters import sources
from noria.adapters.contract import Checked, check
from noria.adapters.lake import Dataset
from noria.delta import Table
from noria.outcomes import ROLES, counting, outcomes, stored
from noria.project.model import Data, Project
from noria.project.table import TableSchema

SEEN = "sources.json"
"""Beside the dataset: the fingerprints of sources and schema at the last ingest, and unknown categories."""


def ingest(project: Project, schema: TableSchema, dataset: Dataset, now: datetime) -> int:
    """Append what is new in the sources and the feedback, and return the data version. It may be repeated.

    Raises:
        DataError: a source cannot be read.
    """
    lake = project.home / "lake"
    before = _read(lake / SEEN)
    paths = sources.files(project.root, project.data.source)
    files = {str(path): sources.fingerprint(path, before.get("files", {}).get(str(path))) for path in paths}
    seen = {"files": files, "schema": sha256(repr(schema).encode()).hexdigest()}
    batches = {}
    if {key: before.get(key) for key in seen} != seen:
        batches["source"] = check(sources.read(paths, schema.names, name="_source"), schema, project.data)
    fed = feedback(project, schema, dataset, now)
    batches["feedback"] = check(fed, as_sent(schema, project.data), project.data)
    version = dataset.append({origin: batch.rows for origin, batch in batches.items()})
    _quarantine(lake, batches, now)
    if "source" in batches:
        _write(lake / SEEN, {**seen, "unseen": batches["source"].unseen})
    return version


def refused(project: Project) -> int:
    """Return how many rows stand in the quarantine."""
    return Table(project.home / "lake" / "quarantine").rows


def feedback(project: Project, schema: TableSchema, dataset: Dataset, now: datetime) -> pl.DataFrame:
    """Return the mature, labelled predictions that are not in the dataset, as rows of the schema.

    Each has its prediction's id in `_id`, in `_source` who told its label, and in `_known` when that had come
    and was due.
    """
    lake, data = project.home / "lake", project.data
    predictions, labels = Table(lake / "predictions", by_day=True), Table(lake / "labels", by_day=True)
    if not predictions.rows or not labels.rows:
        return pl.DataFrame(schema={name: pl.String() for name in (*schema.names, "_id", "_source")})
    given = counting(labels.scan(), Table(lake / "holds").scan())
    joined = outcomes(predictions.scan(), given).filter(pl.col("role").is_in(ROLES))
    rows = joined.with_columns(_when(data, predictions)).with_columns(
        _known=pl.max_horizontal("label_at", pl.col("_when") + pl.lit(data.label_delay))
    )
    rows = rows.filter(pl.col("label").is_not_null(), pl.col("_known") <= now)
    if dataset.version:
        rows = rows.join(dataset.read().select("_id").drop_nulls(), left_on="id", right_on="_id", how="anti")
    told = given.select("id", label_at="at", _source="source").unique(["id", "label_at"])
    rows = rows.join(told, on=["id", "label_at"], how="left")
    return rows.sort("_when", "id").select(_columns(schema, data, predictions)).collect()


def as_sent(schema: TableSchema, data: Data) -> TableSchema:
    """Return the schema of what clients send: columns that are no features may be missing."""
    return TableSchema(
        columns=tuple(
            column if column.name in data.features else replace(column, nullable=True)
            for column in schema.columns
        )
    )


def _when(data: Data, predictions: Table) -> pl.Expr:
    """Return the project's time, where the client sent it, else the moment of the prediction."""
    sent = [stored(data.time)] if data.time and stored(data.time) in predictions.schema else []
    return pl.coalesce(*sent, "at").alias("_when")


def _columns(schema: TableSchema, data: Data, predictions: Table) -> list[pl.Expr | str]:
    meant: dict[str | None, str] = {
        data.label: "label",
        data.time: "_when",
        data.entity: "entity",
        data.label_time: "label_at",
    }
    known = {name: stored(name) for name in schema.names if stored(name) in predictions.schema}
    known |= {name: column for name, column in meant.items() if name}
    columns: list[pl.Expr | str] = [
        pl.col(known[name]).alias(name) if name in known else pl.lit(None).alias(name)
        for name in schema.names
    ]
    return [*columns, pl.col("id").alias("_id"), "_known", "_source"]


def _quarantine(lake: Path, batches: Mapping[str, Checked], now: datetime) -> None:
    """Keep the refused rows that are not kept yet, so that a repeated ingest counts nothing twice."""
    table = Table(lake / "quarantine")
    frames = [batch.refused.with_columns(origin=pl.lit(origin)) for origin, batch in batches.items()]
    rows = pl.concat(frames)
    copy = pl.int_range(pl.len()).over("origin", "reason", "row").alias("copy")
    rows = rows.with_columns(copy, at=pl.lit(now).cast(pl.Datetime("us", "UTC")))
    if table.rows:
        kept = table.scan().select("origin", "reason", "row", "copy").collect()
        rows = rows.join(kept, on=kept.columns, how="anti")
    if not rows.is_empty():
        table.append(rows, {})


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def _write(path: Path, seen: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(seen, indent=1))
    draft.replace(path)
