"""A data version, cut for a run: the rows to train on, and the newest ones held out from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from noria.adapters.ingest import ingest, refused
from noria.adapters.lake import Dataset, visible
from noria.cut import cut
from noria.errors import DataError
from noria.origin import origin
from noria.project.model import Project
from noria.project.table import TableSchema
from noria.rows import Cut, Snapshot


def snapshot(
    project: Project,
    schema: TableSchema,
    out_dir: Path,
    now: datetime,
    windows: Sequence[str],
    since: str | None = None,
) -> Snapshot:
    """Bring the dataset up to date, write the holdout and a cut for each window, and describe them.

    A row takes part if its label was known at `now`. Held out is what came after `since`, if that is enough,
    or what the project says. It may be repeated, and then does the same again.

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
    full = rows.sort("_time", maintain_order=True)
    due = now - project.data.label_delay if project.data.time else None
    made = cut(full, project, windows, due=due, since=since)
    out_dir.mkdir(parents=True, exist_ok=True)

    def write(name: str, frame: pl.DataFrame) -> str:
        path = out_dir / f"{name}.parquet"
        frame.select(*schema.names, "_version", "_time", "_source").write_parquet(path, compression="lz4")
        return str(path)

    return Snapshot(
        version=version,
        rows=full.height,
        new_rows=full.filter(pl.col("_version") == version).height,
        quarantined=refused(project),
        holdout=write("holdout", made.holdout),
        holdout_from=made.holdout_from,
        holdout_rows=made.holdout.height,
        before=made.before,
        newest=made.newest,
        cuts=tuple(
            Cut(
                window=part.window,
                train=write(f"train-{part.window}", part.train),
                full=write(f"full-{part.window}", part.full),
                rows=part.full.height,
            )
            for part in made.stretches
        ),
        since=made.since,
        origin=begun_from if complete else "",
    )


def _stored(dataset: Dataset) -> int:
    return dataset.read().select(pl.len()).collect().item() if dataset.version else 0
