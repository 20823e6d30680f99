from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from noria.artifact import background
from noria.artifact.lineage import FOLDER
from noria.errors import ArtifactError

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def rows(days: int, each: int) -> pl.DataFrame:
    times = [BEGIN + timedelta(days=day, seconds=second) for day in range(days) for second in range(each)]
    return pl.DataFrame({"_time": times, "age": range(days * each), "late": 1})


def test_the_newest_days_are_sampled_evenly(tmp_path: Path) -> None:
    kept = pl.read_parquet(background.save(rows(60, 150), ["age"], tmp_path))
    assert kept.columns == ["_time", "age"]
    by_day = kept.group_by(pl.col("_time").dt.date()).len()["len"]
    assert by_day.to_list() == [background.ROWS] * background.DAYS
    assert kept["_time"].min() == BEGIN + timedelta(days=20)
    assert kept["_time"].is_sorted()


def test_of_few_days_more_rows_of_each_are_kept(tmp_path: Path) -> None:
    assert pl.read_parquet(background.save(rows(4, 1000), ["age"], tmp_path)).height == 4000


def test_rows_without_a_time_are_sampled_over_all(tmp_path: Path) -> None:
    numbered = rows(10, 1000).with_columns(_time=pl.int_range(pl.len()))
    kept = pl.read_parquet(background.save(numbered, ["age"], tmp_path))
    assert kept.height == background.DAYS * background.ROWS
    assert kept["age"].mean() == pytest.approx(5000, rel=0.05)


def test_the_same_rows_give_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    first = background.save(rows(30, 200), ["age"], tmp_path)
    assert background.digest(first) == background.digest(
        background.save(rows(30, 200), ["age"], tmp_path / "again")
    )


def test_a_background_that_is_gone_or_changed_is_refused(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    path = background.save(rows(3, 10), ["age"], tmp_path / FOLDER)
    digest = background.digest(path)
    assert background.load(tmp_path / "model", digest).height == 30
    background.save(rows(3, 11), ["age"], tmp_path / FOLDER)
    with pytest.raises(ArtifactError, match="was changed"):
        background.load(tmp_path / "model", digest)
    path.unlink()
    with pytest.raises(ArtifactError, match="there is no"):
        background.load(tmp_path / "model", digest)
