"""The data versions of a project: what each added."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from noria.adapters.lake import Dataset
from noria.errors import DataError
from noria.project.model import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class DataVersion:
    """A data version: the rows that it added and that are left, how many were removed, and who gave them.

    `sources` counts the rows by file, or by who told the labels; rows of unknown source are of "".
    """

    version: int
    added: int
    removed: int
    sources: dict[str, int]


def versions(project: Project) -> tuple[DataVersion, ...]:
    """Return the data versions, the oldest first.

    Raises:
        DataError: there is none yet.
    """
    dataset = Dataset(project.home / "lake", project.data)
    if not dataset.version:
        raise DataError("there is no data version yet; a run makes the first", hint="noria run")
    counts = (
        dataset.read().group_by("_version", pl.col("_source").fill_null("")).len().sort("_source").collect()
    )
    by_version: dict[int, dict[str, int]] = {}
    for version, source, rows in counts.iter_rows():
        by_version.setdefault(version, {})[source] = rows
    return tuple(
        DataVersion(
            version=number,
            added=sum(by_version.get(number, {}).values()),
            removed=dataset.removed(number - 1, number),
            sources=by_version.get(number, {}),
        )
        for number in dataset.versions()
    )
