import doctest
from math import nan

import polars as pl
import pytest

from noria.explain import reasons
from noria.explain.reasons import place, reason

HOURS = pl.Series([0, 6, 6, 6, 6, 6, 6, 6, 6, 23, None])
CITIES = pl.Series(["Bern"] * 299 + ["Chur"])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (6, "ordinary"),
        (23, "very high: above 95% of rows"),
        (0, "very low: below 95% of rows"),
        (24, "above all known"),
        (-1.5, "below all known"),
        (None, "as in 9% of rows"),
        (nan, "as in 9% of rows"),
    ],
)
def test_a_number_has_its_place_among_the_known_ones(value: float | None, said: str) -> None:
    assert place(value, HOURS, "number") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Bern", "usual: 100% of rows"),
        ("Chur", "rare: less than 1% of rows"),
        ("Rome", "unknown"),
        (None, "as in 0% of rows"),
    ],
)
def test_a_category_is_usual_or_rare(value: str | None, said: str) -> None:
    assert place(value, CITIES, "category") == said


def test_of_a_column_that_was_always_missing_nothing_is_known() -> None:
    assert place(6, pl.Series([None], dtype=pl.Int64), "number") == "the first that is known"


def test_the_sign_is_told_in_words() -> None:
    assert [reason("hour", None, "rare", part) for part in (1.0, -1.0, 0.0)] == [
        "hour missing raises it (rare)",
        "hour missing lowers it (rare)",
        "hour missing changes nothing (rare)",
    ]


def test_its_example() -> None:
    assert doctest.testmod(reasons).failed == 0
