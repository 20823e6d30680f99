from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.profile.grid import Grid, category_bins, number_bins
from noria.core.profile.profile import EACH, FORMAT, Profile, decode, encode, total
from noria.errors import ProfileError
from noria.monitor.profiling import ALL, hourly, profile

GRID = Grid(columns={"x": number_bins(np.arange(1.0, 9.0)), "c": category_bins({"a": 4, "b": 4})})
RANKS = (0.01, 0.5, 0.99)
BEGIN = datetime(2013, 2, 1, 9, 30, tzinfo=UTC)


def same(one: Profile, other: Profile) -> bool:
    """Whether two profiles are, and show, the same."""
    counts = all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("tallies", "moments", "counts")
    )
    return counts and shown(one) == shown(other)


def shown(found: Profile) -> tuple[object, ...]:
    sketches = found.sketches
    some = (np.nan_to_num(sketches.quantiles("x", RANKS)).tolist(), sketches.frequent("c", 8))
    return *some, round(sketches.different("c"), 3)


def test_what_is_counted() -> None:
    found = profile(pl.DataFrame({"x": [1.0, 8.0, 9.0, None], "c": ["a", "z", "z", None]}), GRID)
    # rows, missing, invalid, outside
    assert found.tallies.tolist() == [[4, 1, 0, 1], [4, 1, 0, 2]]
    assert found.counts[GRID.slices["x"]].tolist() == [1, 0, 0, 0, 0, 0, 0, 1, 1]
    assert found.counts[GRID.slices["c"]].tolist() == [1, 0, 2]
    assert found.moments.tolist() == [[18.0, 146.0], [0.0, 0.0]]  # 1 + 8 + 9, 1 + 64 + 81
    assert found.sketches.frequent("c", 8) == {"z": 2}
    assert found.share("missing").tolist() == [0.25, 0.25]


def test_infinity_is_no_value_of_its_type() -> None:
    found = profile(pl.DataFrame({"x": [float("inf"), 2.0], "c": ["a", "a"]}), GRID)
    assert found.tallies[0].tolist() == [2, 0, 1, 0]


def test_a_column_that_vanished_is_missing_in_every_row() -> None:
    found = profile(pl.DataFrame({"x": [1.0, 2.0]}), GRID)
    assert found.share("missing").tolist() == [0.0, 1.0]


@given(st.integers(0, 2**32), st.integers(1, 5))
def test_the_profile_of_all_is_the_sum_of_its_parts_in_any_order(seed: int, parts: int) -> None:
    dice = Random(seed)
    rows = pl.DataFrame(
        {
            "x": [dice.choice([None, 1.0, 5.0, 99.0]) for _ in range(40)],
            "c": [dice.choice([None, "a", "b", "z"]) for _ in range(40)],
        },
        schema={"x": pl.Float64, "c": pl.String},
    )
    cuts = [0, *sorted(dice.randrange(40) for _ in range(parts)), 40]
    pieces = [profile(rows[begin:end], GRID) for begin, end in pairwise(cuts)]
    dice.shuffle(pieces)
    assert same(total(pieces, GRID), profile(rows, GRID))


def test_what_is_stored_comes_back() -> None:
    found = profile(pl.DataFrame({"x": [1.5, None], "c": ["z", "a"]}), GRID)
    assert same(decode(encode(found)), found)


def test_a_profile_of_a_later_release_is_told() -> None:
    stored = encode(profile(pl.DataFrame({"x": [1.5], "c": ["a"]}), GRID)).replace(
        b"\xa6format" + bytes([FORMAT]), b"\xa6format" + bytes([FORMAT + 1])
    )
    with pytest.raises(ProfileError, match="is of format 2, and this release of noria reads format 1"):
        decode(stored)


@pytest.mark.parametrize("stored", [b"", b"\x93\x01\x02", b"\x80", b"\x81\xa6format\x01"])
def test_a_damaged_profile_is_told(stored: bytes) -> None:
    with pytest.raises(ProfileError, match="damaged"):
        decode(stored)


def test_profiles_on_different_grids_are_not_added() -> None:
    other = Grid(columns={"x": GRID.columns["x"]})
    rows = pl.DataFrame({"x": [1.0], "c": ["a"]})
    with pytest.raises(ProfileError, match="cannot be added"):
        profile(rows, GRID) + profile(rows, other)


def test_predictions_are_counted_by_version_and_hour() -> None:
    rows = pl.DataFrame(
        {
            "at": [BEGIN, BEGIN + timedelta(minutes=40), BEGIN + timedelta(minutes=45)],
            "version": [7, 7, 8],
            "role": "champion",
            "id": ["i", "j", "k"],
            "entity": ["i", "j", "k"],
            "output": [0.1, 0.2, 0.3],
            "latency": [0.001, 0.002, 0.003],
            "x": [1.0, 2.0, 3.0],
            "c": ["a", "b", "a"],
        }
    )
    outputs = {"@output": number_bins(np.array([0.1, 0.2])), "@latency": number_bins(np.array([0.001]))}
    grids = {7: Grid(columns=GRID.columns | outputs), 8: None}
    found = hourly(rows, grids.__getitem__)
    assert sorted(found) == [(version, f"2013-02-01T{hour}") for version in (ALL, 7) for hour in ("09", "10")]
    assert found[7, "2013-02-01T10"].moments.tolist() == [
        [2.0, 4.0],
        [0, 0],
        [0.2, 0.2**2],
        [0.002, 0.002**2],
    ]


def test_the_traffic_is_that_of_all_versions_without_their_shadows() -> None:
    rows = pl.DataFrame(
        {
            "at": [BEGIN] * 4,
            "version": [7, 8, 9, 7],
            "role": ["champion", "challenger", "shadow", "fallback"],
            "id": ["a", "b", "c", "d"],
            "entity": ["ann", "bob", "bob", "bob"],
            "x": [1.0, 2.0, 2.0, 2.0],
            "output": [0.1] * 4,
            "latency": [0.001, 0.002, 0.003, 0.004],
        }
    )
    found = hourly(rows, lambda _: None)
    assert list(found) == [(ALL, "2013-02-01T09")]
    assert found[ALL, "2013-02-01T09"].rows == 3
    assert found[ALL, "2013-02-01T09"].moments[0, 0] == pytest.approx(0.007)
    assert round(found[ALL, "2013-02-01T09"].sketches.different(EACH)) == 2  # Bob asks twice for the same


def test_no_rows_make_no_profiles() -> None:
    rows = pl.DataFrame(
        schema={
            "at": pl.Datetime("us", "UTC"), "version": pl.Int64, "role": pl.String, "output": pl.Float64,
            "latency": pl.Float64, "id": pl.String, "entity": pl.String,
        }
    )  # fmt: skip
    assert hourly(rows, lambda _: None) == {}
