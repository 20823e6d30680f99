"""A data version, cut for a run: the rows to train on, and the newest ones held out from them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from noria.adapters.ingest import ingest, refused
from noria.adapters.lake import Dataset, visible
from noria.errors import DataError
from noria.origin import origin
from noria.project.model import Data, Project, Task, Train
from noria.project.table import TableSchema
from noria.rows import Snapshot


def snapshot(project: Project, schema: TableSchema, out_dir: Path, now: datetime) -> Snapshot:
    """Bring the dataset up to date, write train.parquet, holdout.parquet and full.parquet, and describe them.

    A row takes part if its label was known at `now`. It may be repeated, and then does the same again.

    Raises:
        DataError: a source cannot be read, or what is known is too little to train on and to hold out.
    """
    dataset, begun_from = Dataset(project.home / "lake", project.data), origin(project)
    version = ingest(project, schema, dataset, now)
    rows = visible(dataset.read(version), now).collect() if version else pl.DataFrame()
    if rows.is_empty():
        raise DataError(
            f"of the dataset's {_stored(dataset)} rows, no label was known at {now}", hint="noria doctor"
        )
    complete = rows.height == _stored(dataset) and not project.data.label_delay
    full = _window(rows.sort("_time", maintain_order=True), project.train)
    train, holdout = _cut(full, project.train)
    _must_vary(train, project)
    paths = {name: out_dir / f"{name}.parquet" for name in ("train", "holdout", "full")}
    out_dir.mkdir(parents=True, exist_ok=True)
    for name, frame in (("train", train), ("holdout", holdout), ("full", full)):
        frame.select(*schema.names, "_version", "_time").write_parquet(paths[name], compression="lz4")
    return Snapshot(
        version=version,
        rows=full.height,
        new_rows=full.filter(pl.col("_version") == version).height,
        quarantined=refused(project),
        holdout_from=_text(holdout["_time"][0]),
        holdout_rows=holdout.height,
        origin=begun_from if complete else "",
        **{name: str(path) for name, path in paths.items()},
    )


def _window(rows: pl.DataFrame, train: Train) -> pl.DataFrame:
    """Return the newest stretch of the rows, in time."""
    if train.window is None:
        return rows
    newest = rows["_time"][-1]
    _must_be_time(newest, "train.window")
    return rows.filter(pl.col("_time") > newest - train.window)


def _cut(rows: pl.DataFrame, train: Train) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows before the holdout, and the holdout; rows of one moment are never parted."""
    newest = rows["_time"][-1]
    if isinstance(train.holdout, timedelta):
        _must_be_time(newest, "train.holdout")
        held = pl.col("_time") > newest - train.holdout
    else:
        size = math.ceil(train.holdout * rows.height)
        held = pl.col("_time") >= rows["_time"][-size] if size else pl.lit(False)
    before, holdout = rows.filter(~held), rows.filter(held)
    if before.is_empty() or holdout.is_empty():
        part = "train on" if before.is_empty() else "hold out"
        raise DataError(
            f"train.holdout = {train.holdout} leaves no row to {part}: {rows.height} labels are known, "
            f"from {_text(rows['_time'][0])} to {_text(newest)}; change it, or give more data",
            hint="noria doctor",
        )
    return before, holdout


def _must_be_time(value: Any, key: str) -> None:
    if not isinstance(value, datetime):
        raise DataError(
            f"{key}: is a duration, but the project has no data.time; allowed then: a share, such as 20%",
            hint="noria doctor",
        )


def _must_vary(train: pl.DataFrame, project: Project) -> None:
    """A model learns nothing from a label that has one value."""
    data: Data = project.data
    if train[data.label].n_unique() < 2:
        wanted = "a 1 and a 0" if project.task == Task.BINARY else "two values"
        raise DataError(
            f"{data.label}: is always {train[data.label][0]} in the {train.height} rows before the holdout; "
            f"a {project.task} label needs at least {wanted}",
            hint="noria doctor",
        )


def _stored(dataset: Dataset) -> int:
    return dataset.read().select(pl.len()).collect().item() if dataset.version else 0


def _text(time: Any) -> str:
    return time.isoformat() if isinstance(time, datetime) else str(time)
