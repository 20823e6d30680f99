import doctest
from math import nan

import polars as pl
import pytest

from noria.explain import reasons
from noria.explain.reasons import reason

HOURS = pl.Series([0, 6, 6, 6, 6, 6, 6, 6, 6, 23, None])
CITIES = pl.Series(["Bern"] * 199 + ["Chur"])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (6, "6 is ordinary, and raises it"),
        (23, "23 is very high: above 95% of the rows, and raises it"),
        (0, "0 is very low: below 95% of the rows, and raises it"),
        (24, "24 is above all known"),
        (-1.5, "-1.5 is below all known"),
        (None, "hour is missing, as in 9% of the rows"),
        (nan, "hour is missing"),
    ],
)
def test_a_number_has_its_place_among_the_known_ones(value, words) -> None:
    assert words in reason("hour", value, HOURS, "number", 0.1)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Bern", "usual: 100% of"),
        ("Chur", "rare: less than 1% of"),
        ("Rome", "is unknown"),
        (None, "as in 0% of"),
    ],
)
def test_a_category_is_usual_or_rare(value, words) -> None:
    assert words in reason("city", value, CITIES, "category", 0.1)


def test_the_sign_is_told_in_words() -> None:
    told = [reason("hour", 6, HOURS, "number", part).rpartition(", and ")[2] for part in (1.0, -1.0, 0.0)]
    assert told == ["raises it", "lowers it", "changes nothing"]


def test_of_a_column_that_was_always_missing_nothing_is_known() -> None:
    assert "the first that is known" in reason("hour", 6, pl.Series([None], dtype=pl.Int64), "number", 1.0)


def test_its_example() -> None:
    assert doctest.testmod(reasons).failed == 0
