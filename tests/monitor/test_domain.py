from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from noria.errors import DataError
from noria.monitor.domain import tell_apart

FEATURES = {"wind": "number", "carrier": "category", "hour": "number"}
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


def rows(seed: int, days: int, first: int, ua: float = 0.5, hours: int = 24) -> pl.DataFrame:
    dice = np.random.default_rng(seed)
    count = 300 * days
    return pl.DataFrame(
        {
            "_time": [
                BEGIN + timedelta(days=first, hours=days * hours * each / count) for each in range(count)
            ],
            "wind": np.where(dice.random(count) < 0.1, np.nan, dice.normal(10, 3, count)),
            "carrier": np.where(dice.random(count) < ua, "UA", "AA"),
            "hour": dice.integers(0, 24, count),
        }
    )


def test_rows_of_one_world_are_not_told_apart() -> None:
    found = tell_apart(rows(1, 10, 0), rows(2, 6, 20), FEATURES)
    assert found.auc == pytest.approx(0.5, abs=0.06)


def test_the_column_that_tells_rows_apart_stands_first() -> None:
    found = tell_apart(rows(1, 10, 0), rows(2, 6, 20, ua=0.9), FEATURES)
    assert found.auc > 0.6
    assert found.columns[0][0] == "carrier"
    assert found.columns[0][1] > 0.1


def test_a_single_day_is_judged_on_its_hours() -> None:
    found = tell_apart(rows(1, 10, 0), rows(2, 1, 20, ua=0.95), FEATURES)
    assert found.columns[0][0] == "carrier"


def test_a_single_hour_leaves_nothing_to_judge_by() -> None:
    with pytest.raises(DataError, match="a single hour"):
        tell_apart(rows(1, 10, 0), rows(2, 1, 20, hours=1), FEATURES)
