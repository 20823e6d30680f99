"""Days of a version as its monitors get them: drawn from a seed, and measured as the collector does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from noria.core.maturity import last_mature_day
from noria.core.profile.grid import Grid, number_bins
from noria.core.profile.reference import Reference
from noria.monitor.cohort import cohort
from noria.monitor.day import Day
from noria.monitor.profiling import OUTPUT, profile
from noria.project.model import Data, Monitor, Project, Task
from noria.realised import realised
from noria.rows import CohortRow, SignalRow

FIRST = date(2026, 1, 1)
ONE = timedelta(days=1)
LABEL_DELAY = timedelta(days=3)

Ask = Callable[[Day], list[SignalRow]]
Draw = Callable[[int, np.random.Generator], pl.DataFrame]
"""Makes the rows of a day, by its number: x, output, label, and watched columns."""


def project(task: Task = Task.BINARY, **monitor: tuple[str, ...]) -> Project:
    data = Data(source=("data/*",), label="y", features=("x",), label_delay=LABEL_DELAY)
    return Project(root=Path("/p"), name="churn", task=task, data=data, gates=(), monitor=Monitor(**monitor))


def measured(
    model: Project, number: int, rows: pl.DataFrame, grid: Grid | None, version: int = 1
) -> CohortRow:
    """What the collector keeps of a day."""
    day = FIRST + number * ONE
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    rows = rows.with_columns(at=pl.lit(at), label_at=pl.lit(at + timedelta(hours=5)))
    known = rows.drop_nulls("label")
    output = np.array(known["output"].to_list(), float)
    truth = known["label"].cast(pl.Float64).to_numpy()
    quality = realised(
        model.name, model.task, day=day.isoformat(), version=version, role="champion",
        predictions=rows.height, truth=truth, output=output, loss=model.loss,
    )  # fmt: skip
    return cohort(model, quality, rows, truth, grid)


def lived(
    model: Project, draw: Draw, count: int, monitor: Callable[[Day], list[SignalRow]]
) -> Iterator[SignalRow]:
    """Yield what a monitor says of each of so many days, which get their labels after the label delay."""
    chance = np.random.default_rng(1)
    days = [draw(number, chance) for number in range(count)]
    columns = {name: number_bins(days[0][name].to_numpy()) for name in ("x", "output")}
    grid = Grid(columns={"x": columns["x"], OUTPUT: columns["output"]})
    profiles = [profile(rows.rename({"output": OUTPUT}), grid) for rows in days]
    cohorts = [measured(model, number, rows, grid) for number, rows in enumerate(days)]
    before: list[SignalRow] = []
    for number in range(count):
        day = FIRST + number * ONE
        mature = last_mature_day(LABEL_DELAY, datetime(day.year, day.month, day.day, tzinfo=UTC) + ONE)
        said = monitor(
            Day(
                project=model,
                version=1,
                day=day,
                reference=Reference(grid=grid, blocks={"2025-12-31": profiles[0]}),
                hours={},
                profile=profiles[number],
                before=before,
                past={(FIRST + n * ONE).isoformat(): each for n, each in enumerate(profiles[:number])},
                matured=[row for row in cohorts if row.day <= mature.isoformat()],
            )
        )
        before = [*before, *said]
        yield from said
