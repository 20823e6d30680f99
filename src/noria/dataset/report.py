"""What there is to know of a data version before a model learns from it; kept as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import polars as pl

from noria.adapters.lake import Dataset
from noria.dataset.balance import Balance, Gap, balance, gaps
from noria.dataset.difference import Difference, difference
from noria.dataset.duplicates import Duplicates, duplicates
from noria.dataset.examples import Examples, examples, kinds
from noria.dataset.label_errors import LabelErrors, label_errors
from noria.dataset.out_of_fold import by_time_or_entity, out_of_fold
from noria.errors import DataError
from noria.project.model import Project
from noria.project.table import TableSchema

MOST = 50_000
"""The newest rows, among which label errors are looked for: it takes five trainings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The state of a data version. `missing` holds the share (0 to 1) of a column's values that are missing.

    `constant` are the columns with one value. `duplicates` and `label_errors` are None where nobody looked
    for them; of the first version, `difference` is None.
    """

    version: int
    rows: int
    balance: Balance
    gaps: tuple[Gap, ...]
    duplicates: Duplicates | None
    missing: dict[str, float]
    constant: tuple[str, ...]
    difference: Difference | None
    label_errors: LabelErrors | None


def report(project: Project, schema: TableSchema, version: int, *, thorough: bool = True) -> Report:
    """Look into a data version; if `thorough`, also for duplicates and wrong labels, which takes most time.

    Raises:
        DataError: there is no such version, or label errors are looked for, and cleanlab is not installed.
    """
    rows, features = read(project, version), kinds(project, schema)
    known = examples(rows, features, project.data, project.task)
    columns = [name for name in schema.names if name != project.data.label]
    return Report(
        version=version,
        rows=rows.height,
        balance=balance(known),
        gaps=gaps(known),
        duplicates=duplicates(known.rows, features, project.data.label) if thorough else None,
        missing={name: round(rows[name].null_count() / rows.height, 4) for name in columns},
        constant=tuple(name for name in columns if rows[name].drop_nulls().n_unique() <= 1),
        difference=compared(project, schema, version - 1, version) if version > 1 else None,
        label_errors=_label_errors(project, rows, features) if thorough else None,
    )


def compared(project: Project, schema: TableSchema, before: int, after: int) -> Difference:
    """Return what the data version `after` has that `before` had not, and the other way round.

    Raises:
        DataError: there is no such version, or they do not follow each other.
    """
    if before >= after:
        raise DataError(f"the data version {before} is not older than {after}", hint="noria data list")
    _known(project, before)
    columns = {**kinds(project, schema), project.data.label: _label_kind(project)}
    removed = _dataset(project).removed(before, after)
    return difference(read(project, after), columns, before, after, removed)


def read(project: Project, version: int) -> pl.DataFrame:
    """Return the rows of a data version.

    Raises:
        DataError: there is no such version, or nothing is left of it.
    """
    _known(project, version)
    rows = _dataset(project).read(version).collect()
    if rows.is_empty():
        raise DataError(f"no row is left of the data version {version}", hint="noria data list")
    return rows


def save(made: Report, home: Path) -> Path:
    """Keep a report under the project's home, and return the file."""
    file = place(home, made.version)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(made, enc_hook=str), indent=1))
    return file


def place(home: Path, version: int) -> Path:
    """Return where the report of a data version lies."""
    return home / "reports" / f"data-{version}.json"


def _dataset(project: Project) -> Dataset:
    return Dataset(project.home / "lake", project.data)


def _known(project: Project, version: int) -> None:
    newest = _dataset(project).version
    if not 1 <= version <= newest:
        allowed = f"1 to {newest}" if newest > 1 else "1" if newest else "none yet, a run makes the first"
        raise DataError(f"there is no data version {version}; there are: {allowed}", hint="noria data list")


def _label_kind(project: Project) -> str:
    return "number" if project.task == "regression" else "category"


def _label_errors(project: Project, rows: pl.DataFrame, features: dict[str, str]) -> LabelErrors:
    newest: Examples = examples(rows.sort("_time").tail(MOST), features, project.data, project.task)
    return label_errors(newest, out_of_fold(newest, by_time_or_entity(newest, project.data)))
