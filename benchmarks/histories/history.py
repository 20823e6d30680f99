"""A table in the order of its times, with what its columns mean, and a project made of it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import polars as pl

from benchmarks.project import NORIA


class Nature(StrEnum):
    """What time does to a history: it says which figures a policy has to reach on it."""

    STILL = "no drift"
    ABRUPT = "abrupt drift"
    GRADUAL = "gradual drift"
    RECURRING = "recurring drift"
    GROWTH = "growth in level"
    SEASONAL = "seasons"
    DELAYED = "informative label delay"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """A table, and which columns mean what.

    `source` is a sentence on where it comes from. Without `time` the order of the rows is the time. A row
    without a label never gets one. `label_delay` is a duration as noria.toml writes it.
    """

    frame: pl.DataFrame
    nature: Nature
    source: str
    label: str
    time: str | None = None
    entity: str | None = None
    label_time: str | None = None
    label_delay: str | None = None

    @property
    def span(self) -> timedelta:
        """From the first to the last time; a year where there is only an order, as a replay has it."""
        if self.time is None:
            return timedelta(weeks=52)
        times = self.frame[self.time].cast(pl.Datetime("us"))
        return times.max() - times.min()  # type: ignore[operator, return-value]

    def make(self, root: Path) -> Path:
        """Make a project named `root` of this table with `noria init`, as its user would; return `root`.

        A table of dates is written as CSV, and any other as Parquet.
        """
        dated = self.time is not None and self.frame.schema[self.time] == pl.Date
        table = root.with_name(f"{root.name}-table").with_suffix(".csv" if dated else ".parquet")
        (self.frame.write_csv if dated else self.frame.write_parquet)(table)
        words = ["--data", str(table), "--label", self.label]
        words += ["--time", self.time] if self.time else []
        words += ["--entity", self.entity] if self.entity else []
        words += ["--label-time", self.label_time] if self.label_time else []
        words += ["--label-delay", self.label_delay] if self.label_delay else []
        subprocess.run([*NORIA, "init", root.name, *words], cwd=root.parent, check=True, capture_output=True)
        return root
