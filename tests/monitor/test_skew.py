from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from noria.artifact.predictor import Predictor
from noria.monitor.skew import Difference, compared, matched, repeated

NOON = datetime(2013, 1, 1, 12, tzinfo=UTC)
KINDS = {"wind": "number", "carrier": "category"}


def sent(rows: list[tuple]) -> pl.LazyFrame:
    """Predictions as the collector keeps them: id, entity, hour, wind, carrier."""
    frame = pl.LazyFrame(rows, ["id", "entity", "departure", "wind", "carrier"], orient="row")
    return frame.with_columns(departure=pl.lit(NOON) + pl.duration(hours="departure"))


def learnt(rows: list[tuple]) -> pl.LazyFrame:
    frame = pl.LazyFrame(rows, ["flight", "departure", "wind", "carrier"], orient="row")
    return frame.with_columns(departure=pl.lit(NOON) + pl.duration(hours="departure"))


def differences(asked: list[tuple], known: list[tuple]) -> dict[str, Difference]:
    both = matched(sent(asked), learnt(known), list(KINDS), ("flight", "departure")).collect()
    return {found.column: found for found in compared(both, KINDS)}


def test_rows_are_known_again_by_entity_and_time() -> None:
    asked = [("a", "7", 0, 1.0, "AA"), ("b", "7", 1, 2.0, "AA"), ("c", "8", 5, 3.0, "AA")]
    known = [(7, 0, 1.0, "AA"), (7, 1, 9.0, "AA"), (8, 0, 3.0, "AA")]
    found = differences(asked, known)
    assert (found["wind"].rows, found["wind"].differ) == (2, 1)  # 8 departed at another hour
    assert found["wind"].example == (2.0, 9.0)
    assert found["carrier"].reason == "all 2 rows agree"


def test_what_counts_as_different() -> None:
    asked = [
        ("a", "1", 0, 0.1 + 0.2, "AA"),  # rounding is no difference
        ("b", "2", 0, None, None),  # missing in both is none
        ("c", "3", 0, None, "AA"),  # came late
        ("d", "4", 0, float("nan"), "UA"),  # came late, and another carrier
        ("e", "5", 0, 1.0, None),
    ]
    known = [(1, 0, 0.3, "AA"), (2, 0, None, None), (3, 0, 4.0, "AA"), (4, 0, 4.0, "AA"), (5, 0, 1.0, None)]
    found = differences(asked, known)
    assert (found["wind"].differ, found["wind"].late) == (2, 1)
    assert (found["carrier"].differ, found["carrier"].late) == (1, 0)
    assert "2 of 5 rows differ, 1 of them without a value when asked" in found["wind"].reason


@pytest.mark.parametrize(
    ("rows", "differ", "level"),
    [(1000, 0, "ok"), (1000, 10, "notice"), (1000, 11, "alert"), (19, 19, "notice")],
)
def test_the_level_goes_by_the_share(rows: int, differ: int, level: str) -> None:
    found = Difference(column="wind", rows=rows, differ=differ, late=0, example=(1, 2))
    assert found.level == level


def test_a_model_that_answers_otherwise_is_found() -> None:
    spec = {"features": [{"name": "wind", "kind": "number"}]}
    model = Predictor(spec, lambda columns: np.asarray(columns["wind"], float) / 10)
    asked = pl.DataFrame({"wind": [1.0, 2.0, 3.0], "output": [0.1, 0.2, 0.3 + 1e-9]})
    assert repeated(asked, model).differ == 0
    other = repeated(asked.with_columns(output=pl.Series([0.1, 0.2, 0.4])), model)
    assert (other.differ, other.example) == (1, ([0.4], [0.3]))


def test_classes_are_compared_together() -> None:
    spec = {"features": [{"name": "wind", "kind": "number"}]}
    model = Predictor(spec, lambda columns: np.column_stack([columns["wind"], columns["wind"]]))
    asked = pl.DataFrame({"wind": [0.5, 0.5], "output": [[0.5, 0.5], [0.5, 0.4]]})
    assert repeated(asked, model).differ == 1


def test_a_row_that_stands_twice_is_matched_once() -> None:
    asked = [("a", "1", 0, 1.0, "AA"), ("a", "1", 0, 1.0, "AA")]
    assert differences(asked, [(1, 0, 1.0, "AA"), (1, 0, 1.0, "AA")])["wind"].rows == 1


def test_times_must_agree_to_the_microsecond() -> None:
    late = learnt([(1, 0, 1.0, "AA")]).with_columns(pl.col("departure") + timedelta(microseconds=1))
    both = matched(sent([("a", "1", 0, 1.0, "AA")]), late, list(KINDS), ("flight", "departure"))
    assert both.collect().is_empty()
