from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression

from noria.artifact import package
from noria.core.profile.reference import pack, unpack
from noria.errors import ProfileError
from noria.monitor.profiling import OUTPUT
from noria.monitor.reference import DAYS, STRETCHES, build, counted, grid_of

KINDS = {"x": "number", "c": "category"}


def test_each_day_is_a_block_and_knows_what_was_new_on_it() -> None:
    rows = pl.DataFrame(
        {
            "_time": [date(2013, 1, day) for day in (1, 1, 2, 2, 3, 3, 3)],
            "x": [1.0, 5.0, 2.0, 6.0, 0.0, 3.0, None],
            "c": ["a", "a", "a", "b", "b", "d", "d"],
        }
    )
    reference = counted(rows, grid_of(rows, KINDS))
    assert list(reference.blocks) == ["2013-01-01", "2013-01-02", "2013-01-03"]
    # 6 is above 1 to 5, 0 is below 1 to 6; b is new on the second day, and d, twice, on the third
    assert [block.tallies[:, 3].tolist() for block in reference.blocks.values()] == [[0, 0], [1, 1], [1, 2]]
    assert reference.whole.rows == 7


def test_rows_without_a_time_are_parted_in_their_order() -> None:
    rows = pl.DataFrame({"_time": np.arange(60), "x": np.arange(60.0), "c": ["a"] * 60})
    reference = counted(rows, grid_of(rows, KINDS))
    assert [block.rows for block in reference.blocks.values()] == [2] * STRETCHES


def test_the_newest_days_are_kept() -> None:
    days = pl.date_range(date(2013, 1, 1), date(2013, 12, 31), eager=True)
    rows = pl.DataFrame({"_time": days, "x": np.arange(365.0), "c": ["a"] * 365})
    blocks = counted(rows, grid_of(rows, KINDS)).blocks
    assert (len(blocks), max(blocks)) == (DAYS, "2013-12-31")


def test_a_column_without_values_can_be_learnt_from() -> None:
    rows = pl.DataFrame({"_time": [date(2013, 1, 1)] * 3, "x": [None, None, None], "c": [None, None, None]})
    reference = counted(rows, grid_of(rows, KINDS))
    assert reference.whole.share("missing").tolist() == [1.0, 1.0]


def test_what_is_packed_comes_back_and_what_is_damaged_is_told() -> None:
    rows = pl.DataFrame({"_time": [date(2013, 1, 1)] * 2, "x": [1.0, 2.0], "c": ["a", "b"]})
    reference = counted(rows, grid_of(rows, KINDS))
    stored = pack(reference)
    assert pack(unpack(stored)) == stored
    for broken in (b"", stored[:-20], b"\x80"):
        with pytest.raises(ProfileError, match="damaged"):
            unpack(broken)
    later = stored.replace(b"\xa6format\x01", b"\xa6format\x02", 1)
    with pytest.raises(ProfileError, match="this release of noria reads format 1"):
        unpack(later)


def test_a_reference_knows_the_answers_and_on_which_features_they_hang(tmp_path: Path) -> None:
    dice = np.random.default_rng(0)
    rows = pl.DataFrame(
        {
            "_time": [date(2013, 1, 1 + row // 20) for row in range(400)],
            "x": dice.random(400),
            "idle": dice.random(400),
        }
    )
    model = LinearRegression().fit(rows.select("x", "idle").to_pandas(), 2 * rows["x"].to_numpy())
    features = {"x": "number", "idle": "number"}
    package.save(model, tmp_path / "model", task="regression", features=features, example=rows.to_pandas())
    reference = build(rows, features, tmp_path / "model")
    assert reference.importance == {"x": pytest.approx(1), "idle": pytest.approx(0, abs=1e-9)}
    assert len(reference.blocks) == 20
    assert OUTPUT in reference.grid.columns
