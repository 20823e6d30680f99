from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from noria.core.profile.reference import Reference
from noria.monitor.data_quality import data_quality
from noria.monitor.day import Day
from noria.monitor.profiling import profile
from noria.monitor.reference import counted, grid_of
from noria.project.model import Data, Project, Task
from noria.rows import SignalRow

BEGIN = date(2013, 1, 1)
TODAY = BEGIN + timedelta(days=70)
KINDS = {"x": "number", "y": "number", "z": "number", "c": "category"}
PROJECT = Project(
    root=Path(), name="m", task=Task.BINARY, gates=(),
    data=Data(source=(), label="late", features=tuple(KINDS)),
)  # fmt: skip


def rows(seed: int, count: int = 400) -> pl.DataFrame:
    """A day: y and z now and then miss an hour's worth of values together; the level of x wanders a bit."""
    dice = np.random.default_rng(seed)
    gone = dice.random(count) < dice.choice([0, 0, 0, 0.04])
    return pl.DataFrame(
        {
            "x": dice.normal(100 + 3 * dice.normal(), 20, count),
            "y": np.where(gone, np.nan, dice.normal(10, 2, count)),
            "z": np.where(gone, np.nan, dice.exponential(5, count)),
            "c": dice.choice(["a", "b", "d"], count, p=[0.5, 0.3, 0.2]),
        }
    ).fill_nan(None)


@pytest.fixture(scope="module")
def reference() -> Reference:
    days = [rows(day).with_columns(_time=pl.lit(BEGIN + timedelta(days=day))) for day in range(60)]
    table = pl.concat(days)
    return counted(table, grid_of(table, KINDS))


def check(
    reference: Reference, found: pl.DataFrame, before: Mapping[date, pl.DataFrame] | None = None
) -> dict[str, SignalRow]:
    """What is said of today, after days that were good."""
    earlier = {day.isoformat(): profile(seen, reference.grid) for day, seen in (before or {}).items()}
    ok = [
        SignalRow(
            model="m", day=day, version=1, monitor="data_quality", subject=column, level="ok",
            value=0, limit=2, reason="",
        )
        for day in earlier
        for column in KINDS
    ]  # fmt: skip
    day = Day(
        project=PROJECT, version=1, day=TODAY, reference=reference, hours={},
        profile=profile(found, reference.grid), before=ok, past=earlier,
    )  # fmt: skip
    return {row.subject: row for row in data_quality(day)}


def alerts(said: Mapping[str, SignalRow]) -> list[str]:
    return [column for column, row in said.items() if row.level == "alert"]


@pytest.mark.parametrize("count", [60, 400, 20_000])
def test_days_as_usual_raise_nothing(reference: Reference, count: int) -> None:
    """Of 60 days with 4 columns; whether a day has as many rows as those learnt from, fewer, or many more."""
    said = [row for seed in range(1000, 1060) for row in check(reference, rows(seed, count)).values()]
    assert [row.reason for row in said if row.level == "alert"] == []
    assert sum(row.level == "notice" for row in said) <= 6
    assert {row.subject for row in said} == set(KINDS)


def every(nth: int, value: object, column: str) -> pl.Expr:
    """The column with another value in every nth row."""
    return pl.when(pl.int_range(pl.len()) % nth == 0).then(pl.lit(value)).otherwise(column).alias(column)


FAULTS = {
    "missing": (every(5, None, "x"), "x", "is missing in 20.0% of 400 rows"),
    "all missing": (pl.lit(None, pl.Float64).alias("x"), "x", "is missing in every one of 400 rows"),
    "missing alone": (every(10, None, "y"), "y", "is missing in 1"),
    "unseen": (every(20, "new", "c"), "c", "'new' (20)"),
    "another type": (every(20, float("inf"), "x"), "x", "is of another type in 5.0% of 400 rows"),
    "out of range": (every(20, 205.0, "x"), "x", "is beyond all that the version learnt from"),
    "constant": (pl.lit(101.5).alias("x"), "x", "has the one value 101.5 in all rows"),
    "constant category": (pl.lit("a").alias("c"), "c", "its values fill 1 of its bins, usually 3"),
    "unit": (pl.col("x") * 1.609344, "x", "it looks like × 1.609, miles to kilometres"),
}


@pytest.mark.parametrize(("change", "column", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_and_named(reference: Reference, change: pl.Expr, column: str, reason: str) -> None:
    said = check(reference, rows(500).with_columns(change))
    assert alerts(said) == [column]
    assert reason in said[column].reason


def test_a_column_that_vanished_is_missing_in_every_row(reference: Reference) -> None:
    said = check(reference, rows(500).drop("x"))
    assert alerts(said) == ["x"]
    assert "missing in every one" in said["x"].reason


def test_values_that_usually_miss_together_may_do_so(reference: Reference) -> None:
    together = rows(500).with_columns(every(20, None, "y"), every(20, None, "z"))
    assert alerts(check(reference, together)) == []
    assert check(reference, together.with_columns(rows(500)["z"]))["y"].level == "alert"


def test_a_level_is_held_against_the_last_good_day(reference: Reference) -> None:
    """A slow season has led far away from the reference; what comes over night is a change."""
    far = {TODAY - timedelta(days=1): rows(600).with_columns(pl.col("x") + 60)}
    assert check(reference, rows(601).with_columns(pl.col("x") + 60), far)["x"].numbers["series"] == "unseen"
    assert check(reference, rows(601), far)["x"].numbers["series"] == "mean"
    assert "a good day before" in check(reference, rows(601), far)["x"].reason


def test_it_is_said_since_when(reference: Reference) -> None:
    broken = rows(500).with_columns(x=pl.lit(None, pl.Float64))
    seen = profile(broken, reference.grid)
    before: list[SignalRow] = []
    for back in (2, 1, 0):
        today = TODAY - timedelta(days=back)
        day = Day(
            project=PROJECT, version=1, day=today, reference=reference, hours={}, profile=seen, before=before
        )
        before += data_quality(day)
    assert before[-4].reason.endswith(f"; since {TODAY - timedelta(days=2)}")


def test_a_day_without_rows_is_the_volumes(reference: Reference) -> None:
    assert check(reference, rows(1).head(0)) == {}


def test_a_short_reference_alarms_nobody(reference: Reference) -> None:
    short = Reference(grid=reference.grid, blocks=dict(list(reference.blocks.items())[:5]))
    said = check(short, rows(500).with_columns(pl.col("x") * 1.6))
    assert said[""].reason == "not judged: version 1 learnt from 5 days of 14"
