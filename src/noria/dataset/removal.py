"""Rows that are taken out of the dataset for good, and the versions that learnt from them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from noria.adapters.lake import Dataset, Removed
from noria.errors import DataError
from noria.project.model import Project
from noria.project.table import TableSchema
from noria.rows import ModelRow, VersionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """A version that learnt from `rows` of the removed rows. `role` is champion, challenger or "".

    `sure` is false where the rows of its run are gone: then its data version tells, which holds the rows.
    """

    version: int
    rows: int
    sure: bool
    role: str


def found(project: Project, schema: TableSchema, column: str, text: str) -> pl.DataFrame:
    """Return the rows of the dataset whose column has the value that a text says.

    Raises:
        DataError: there is no such column, the text is no value of it, or no row has it.
    """
    dataset = Dataset(project.home / "lake", project.data)
    allowed = [*schema.names, "_id", "_source", "_origin", "_version"]
    if column not in allowed:
        raise DataError(
            f"--where: there is no column {column!r}; allowed: {', '.join(allowed)}",
            hint="noria data remove --help",
        )
    rows = (
        dataset.read().filter(pl.col(column) == value(project, column, text)).collect()
        if dataset.version
        else None
    )
    if rows is None or rows.is_empty():
        raise DataError(f"no row of the dataset has {column} = {text}", hint="noria data list")
    return rows


def value(project: Project, column: str, text: str) -> str | float | int:
    """Return what a text says, as the column's type.

    Raises:
        DataError: it is no value of that column, or the column holds times.
    """
    dtype = Dataset(project.home / "lake", project.data).read().collect_schema()[column]
    try:
        if dtype.is_integer():
            return int(text)
        if dtype.is_float():
            return float(text)
    except ValueError:
        raise DataError(
            f"{column}: found {text!r}; allowed: a number", hint="noria data remove --help"
        ) from None
    if dtype != pl.String:
        raise DataError(
            f"{column}: rows are told by texts and numbers, and it is {dtype}",
            hint="noria data remove --help",
        )
    return text


def remove(project: Project, column: str, text: str) -> Removed:
    """Take the rows out of all data versions, and drop the reports on these."""
    removed = Dataset(project.home / "lake", project.data).remove(column, value(project, column, text))
    for file in (project.home / "reports").glob("data-*.json"):
        file.unlink()
    return removed


def learners(
    project: Project, rows: pl.DataFrame, versions: Sequence[VersionRow], model: ModelRow
) -> list[Learner]:
    """Return the versions that learnt from any of these rows, the oldest first."""
    found = [_learner(project, rows, version, model) for version in versions]
    return [learner for learner in found if learner.rows]


def purge(project: Project, rows: pl.DataFrame) -> int:
    """Rewrite the copies of these rows in runs, and delete former states and the cache; return the files."""
    changed = 0
    for file in (project.home / "runs").glob("*/rows/*.parquet"):
        copy = pl.read_parquet(file)
        kept = copy.join(rows, on=_key(project, copy), how="anti", nulls_equal=True)
        if kept.height < copy.height:
            kept.write_parquet(file, compression="lz4")
            changed += 1
    shutil.rmtree(project.home / "cache", ignore_errors=True)
    return changed + Dataset(project.home / "lake", project.data).purge()


def _learner(project: Project, rows: pl.DataFrame, version: VersionRow, model: ModelRow) -> Learner:
    file = _learnt_file(project.home / "runs" / version.run / "rows", version)
    if file.exists():
        copy = pl.read_parquet(file)
        count = copy.join(rows, on=_key(project, copy), how="semi", nulls_equal=True).height
    else:
        count = rows.filter(pl.col("_version") <= version.facts.get("data_version", 0)).height
    plan = model.plan
    shares = {*(arm.version for arm in plan.arms), plan.shadow} if plan else set()
    role = (
        "champion" if model.champion == version.version else "challenger" if version.version in shares else ""
    )
    return Learner(version=version.version, rows=count, sure=file.exists(), role=role)


def _learnt_file(folder: Path, version: VersionRow) -> Path:
    """Return the file of the rows that a version was trained on; a refit has seen all of its window."""
    part = "full" if version.facts.get("refit", True) else "train"
    return folder / f"{part}-{version.facts.get('window', 'all')}.parquet"


def _key(project: Project, copy: pl.DataFrame) -> list[str]:
    """Return by which columns a row is known again in a run's copy."""
    return list(project.data.identity) or [name for name in copy.columns if not name.startswith("_")]
