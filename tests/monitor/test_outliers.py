"""Outliers in service: scores of what a collector takes over, and days with too many of them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from noria.core.bounds import Bounds
from noria.core.outliers import Detector
from noria.core.policy import Rate
from noria.core.profile.grid import Grid
from noria.core.profile.reference import Reference
from noria.errors import ProfileError
from noria.monitor import outliers
from noria.monitor.day import Day
from noria.monitor.outliers import SCORE, burst, learnt, scored
from noria.monitor.profiling import hourly
from noria.monitor.reference import counted
from noria.project.model import Alerts, Data, Project, Task

KINDS = {"carrier": "category", "wind": "number"}
BEGIN = datetime(2013, 1, 1, tzinfo=UTC)
DAYS, ROWS = 40, 500


def flights(days: int, seed: int, **columns: object) -> pl.DataFrame:
    """Return so many days of rows, `columns` of which are all alike."""
    draw = np.random.default_rng(seed)
    rows = days * ROWS
    return pl.DataFrame(
        {
            "_time": [BEGIN + timedelta(days=row // ROWS) for row in range(rows)],
            "carrier": draw.choice(["AA", "UA", "B6"], rows),
            "wind": draw.exponential(10, rows),
        }
    ).with_columns(**{name: pl.lit(value) for name, value in columns.items()})


@pytest.fixture(scope="module")
def known() -> tuple[Detector, Reference]:
    detector, rows = learnt(flights(DAYS, 1), KINDS)
    grid = Grid(columns={SCORE: outliers.bins(rows[SCORE])})
    return detector, counted(rows, grid)


def predictions(rows: pl.DataFrame, version: int = 3, role: str = "champion") -> pl.DataFrame:
    """Return the frame of a collector for rows that a version answered."""
    ids = pl.int_range(pl.len()).cast(pl.String)
    return rows.rename({"_time": "at"}).with_columns(
        id=ids, entity=ids, version=pl.lit(version, pl.Int64), role=pl.lit(role), output=0.5, latency=0.01
    )


def day_of(known: tuple[Detector, Reference], rows: pl.DataFrame) -> Day:
    detector, reference = known
    found = hourly(scored(predictions(rows), lambda version: detector), lambda version: reference.grid)
    profile = next(profile for (version, _), profile in found.items() if version == 3)
    project = Project(
        root=Path(),
        name="flights",
        task=Task.BINARY,
        data=Data(source=(), label="late", features=tuple(KINDS)),
        gates=(),
        alerts=Alerts(false_alarms=Rate(count=1, period=timedelta(days=30))),
    )
    return Day(
        project=project,
        version=3,
        day=date(2013, 3, 1),
        reference=reference,
        hours={},
        profile=profile,
        before=(),
    )


def test_each_prediction_has_the_score_of_its_version(known: tuple[Detector, Reference]) -> None:
    detector, _ = known
    rows = pl.concat([predictions(flights(1, 2), 3), predictions(flights(1, 2), 4)])
    found = scored(rows, {3: detector, 4: None}.get)
    columns = {"carrier": rows["carrier"][:ROWS].to_list(), "wind": rows["wind"][:ROWS].to_numpy()}
    assert found[SCORE][:ROWS].to_list() == pytest.approx(detector.scores(columns, ROWS).tolist())
    assert found[SCORE][ROWS:].null_count() == ROWS
    assert found.drop(SCORE).equals(rows)


def test_nothing_scored_is_nothing() -> None:
    assert scored(predictions(flights(1, 2)).head(0), lambda version: None)[SCORE].to_list() == []


def test_an_ordinary_day_is_no_burst(known: tuple[Detector, Reference]) -> None:
    """30 days of 500 rows, of which 1 in 1,000 is an outlier."""
    said = [signal for seed in range(30) for signal in burst(day_of(known, flights(1, 100 + seed)))]
    assert [signal.level for signal in said] == ["ok"] * 30


def test_a_day_of_rows_unlike_all_is_a_burst(known: tuple[Detector, Reference]) -> None:
    strange = pl.concat([flights(1, 5).head(480), flights(1, 5, carrier="??", wind=900.0).head(20)])
    (said,) = burst(day_of(known, strange))
    assert (said.monitor, said.level) == ("outliers", "alert")
    assert said.value >= 20 / 500
    assert "20 of 500" in said.reason or "21 of 500" in said.reason


def test_rows_that_nobody_was_asked_for_count_as_well(known: tuple[Detector, Reference]) -> None:
    detector, reference = known
    rows = predictions(flights(1, 5, wind=900.0), role="abstained")
    found = hourly(scored(rows, lambda version: detector), lambda version: reference.grid)
    profile = found[3, "2013-01-01T00"]
    assert profile.counts[reference.grid.slices[SCORE]][-1] == ROWS


def test_bounds_are_kept_beside_the_artifact(known: tuple[Detector, Reference], tmp_path: Path) -> None:
    folder = tmp_path / "lineage"
    folder.mkdir()
    path = outliers.save(Bounds(detector=known[0]), folder)
    assert outliers.load(tmp_path / "model").detector == known[0]
    path.write_bytes(path.read_bytes().replace(b"format\x01", b"format\x09"))
    with pytest.raises(ProfileError, match="format 9"):
        outliers.load(tmp_path / "model")
    path.write_bytes(b"\x81")
    with pytest.raises(ProfileError, match="damaged"):
        outliers.load(tmp_path / "model")
