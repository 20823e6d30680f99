from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.histories import generated
from benchmarks.histories.generated import ROWS, abrupt, cancellations, demand, gradual, stationary
from benchmarks.histories.history import History
from noria.project.parse import load


@pytest.mark.parametrize("history", generated.HISTORIES)
def test_a_history_comes_from_its_seed_alone_and_is_sorted_by_time(history) -> None:
    first, second = history(), history()
    assert first.frame.equals(second.frame)
    assert first.frame[first.time].is_sorted()
    assert first.span.days in (363, 364)  # a year, so that `often` is each week


def test_a_rule_that_stays_gives_both_halves_the_same_share() -> None:
    # 10,000 rows a half: the difference of two shares of .38 has a standard deviation of .007 by rows alone,
    # and the 182 days of a half add .3 * .24 / sqrt(182) * sqrt(2) = .0075
    first, second = _halves(stationary(), "defaults")
    assert abs(first - second) < 3 * np.hypot(0.007, 0.0075)


def test_the_sea_concepts_differ_as_their_limits_do() -> None:
    # Two uniform numbers of 0 to 10 have a sum of at most L (up to 10) with chance L^2 / 200. A tenth of the
    # labels is wrong: .1 + .8 times that are positive. 5,000 rows have a standard deviation of .007.
    frame = abrupt().frame.with_columns(quarter=pl.int_range(pl.len()) * 4 // ROWS)
    shares = frame.group_by("quarter", maintain_order=True).agg(pl.mean("positive"))["positive"]
    expected = [0.1 + 0.8 * limit**2 / 200 for limit in (8.0, 9.0, 7.0, 9.5)]
    assert shares.to_list() == pytest.approx(expected, abs=0.03)


def test_the_plane_has_turned_round_at_the_end() -> None:
    # at the beginning x0 + x1 is high where the grade is, after a year it is low
    frame = gradual().frame
    height = pl.col("x0") + pl.col("x1")
    for rows, sign in ((frame.head(2000), 1), (frame.tail(2000), -1)):
        means = {
            grade: rows.filter(pl.col("grade") == grade).select(height.mean()).item()
            for grade in ("low", "high")
        }
        assert sign * (means["high"] - means["low"]) > 2


def test_sales_grow_threefold_and_a_region_opens_in_the_middle() -> None:
    frame = demand().frame
    north = frame.filter(pl.col("region") == "north").sort("date")
    assert north.tail(600)["sold"].mean() / north.head(600)["sold"].mean() == pytest.approx(2.8, abs=0.3)
    opened = frame.filter(pl.col("region") == "south")["date"].min()
    assert (opened - frame["date"].min()).days == 182
    assert frame.n_unique(["shop", "date"]) == len(frame)


def test_what_is_known_early_is_cancelled_more_often() -> None:
    history = cancellations()
    told = history.frame.drop_nulls("cancelled").with_columns(wait=pl.col("known_at") - pl.col("time"))
    early = told.filter(pl.col("wait") < pl.duration(days=1))["cancelled"].mean()
    # a third is cancelled; .63 of them are known within a day, and 1 - exp(-1/7) = .13 of the others
    assert early == pytest.approx(0.63 / (0.63 + 2 * 0.13), abs=0.05)
    assert told["cancelled"].mean() == pytest.approx(1 / 3, abs=0.03)
    assert told["wait"].min().total_seconds() >= 0
    assert history.frame["cancelled"].is_null().sum() == history.frame["known_at"].is_null().sum() > 0


def test_policies_begin_after_a_share_of_the_span() -> None:
    assert stationary().begin == "2024-06-30"  # half of 363.9 days, from the first of January on
    assert abrupt().begin is None


def test_a_history_becomes_a_project(tmp_path: Path) -> None:
    project = load(cancellations().make(tmp_path / "cancellations"))
    assert (project.task, project.data.label_time) == ("binary", "known_at")
    assert project.data.features == ("ahead", "price", "channel")


def _halves(history: History, column: str) -> tuple[float, float]:
    values = history.frame[column]
    return float(values.head(ROWS // 2).mean()), float(values.tail(ROWS // 2).mean())
