from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from noria.core.profile.grid import Grid, category_bins, number_bins
from noria.core.profile.profile import Profile
from noria.monitor.profiling import profile
from noria.monitor.report.course import course, days, different, frequent, quantiles, told
from noria.testing import MemoryState

GRID = Grid(columns={"x": number_bins(np.arange(10.0)), "c": category_bins({"a": 1, "b": 1})})
DAY = datetime(2026, 3, 2, tzinfo=UTC)


def seen(x: list[float | None], c: list[str | None]) -> Profile:
    return profile(pl.DataFrame({"x": x, "c": c}, schema={"x": pl.Float64, "c": pl.String}), GRID)


def test_numbers_beyond_all_bins_are_known_by_their_quantiles() -> None:
    """In another unit all of them lie in the last bin."""
    found = seen([float(1_000 + value) for value in range(101)], ["a"] * 101)
    assert quantiles(found, "x") == [1_001, 1_050, 1_099]
    assert told(found, GRID, "x") == "p1 1001, p50 1050, p99 1099"


def test_categories_are_counted_with_those_that_have_no_bin() -> None:
    found = seen([None] * 10, ["a"] * 3 + ["new"] * 5 + ["newer"] + [None])
    assert told(found, GRID, "x") == "no values"
    assert different(found, GRID, "c") == 3
    assert frequent(found, GRID, "c") == {"new": 5 / 9, "a": 3 / 9, "newer": 1 / 9}
    assert told(found, GRID, "c") == "3 different values; the most frequent: new 55.6%, a 33.3%, newer 11.1%"


def test_a_day_is_all_its_hours_and_days_without_traffic_are_left_out() -> None:
    state = MemoryState()
    state.add_traffic("m", ("s", 1), {}, {(1, "2026-03-02T09"): seen([1.0], ["a"])})
    state.add_traffic("m", ("s", 2), {}, {(1, "2026-03-02T10"): seen([3.0], ["new"])})
    state.add_traffic("m", ("s", 3), {}, {(1, "2026-02-27T10"): seen([2.0], ["b"])})
    came = days(state, "m", 1, GRID, DAY, back=5)
    assert list(came) == [DAY - timedelta(days=3), DAY]
    assert came[DAY].rows == 2
    assert different(came[DAY], GRID, "c") == 2
    assert quantiles(came[DAY], "x")[0] == 1


def test_a_course_has_a_line_for_each_quantile_and_one_for_the_number_of_categories() -> None:
    came = {DAY: seen([1.0, 2.0], ["a", "b"]), DAY + timedelta(days=1): seen([None], [None])}
    assert course(came, GRID, "x").count('class="line line-') == 3
    assert course(came, GRID, "c").count('class="line line-') == 1
    assert course({DAY: came[DAY]}, GRID, "x") == ""
