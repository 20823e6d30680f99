"""A table in the order of its times, with what its columns mean, and a project made of it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import cast

import polars as pl

from benchmarks.project import NORIA
from noria.replay.history import SPREAD_FROM, SPREAD_OVER


class Nature(StrEnum):
    """What time does to a history: it says which figures a policy has to reach on it."""

    STILL = "no drift"
    LEARNING = "no drift, few rows"
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
    without a label never gets one. `label_delay` is a duration as noria.toml writes it. `after` is the share
    of the span after which policies begin, where it is not the replay's own: early in a history without drift
    a newer model is better, because it has seen more rows.
    """

    frame: pl.DataFrame
    nature: Nature
    source: str
    label: str
    time: str | None = None
    entity: str | None = None
    label_time: str | None = None
    label_delay: str | None = None
    after: float | None = None

    @property
    def span(self) -> timedelta:
        """From the first to the last time; a year where there is only an order, as a replay has it."""
        first, last = self._ends()
        return last - first

    @property
    def begin(self) -> str | None:
        """The date on which policies begin, where it is not the replay's own."""
        first, last = self._ends()
        return None if self.after is None else f"{first + self.after * (last - first):%Y-%m-%d}"

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

    def _ends(self) -> tuple[datetime, datetime]:
        if self.time is None:
            return SPREAD_FROM, SPREAD_FROM + SPREAD_OVER
        times = self.frame[self.time].cast(pl.Datetime("us", "UTC"))
        return cast("tuple[datetime, datetime]", (times.min(), times.max()))
