from dataclasses import replace
from datetime import timedelta
from math import inf

import pytest

from noria.core.interval import Interval
from noria.replay.figures import about, between, gap, loss, short, when
from tests.replay.made import BEGIN, policy, replay


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.49061, "0.4906"),
        (38.2149, "38.21"),
        (1234.5678, "1,235"),
        (0.0012345678, "0.001235"),
        (0.0, "0.0000"),
        (float("nan"), "nan"),
    ],
)
def test_a_loss_has_four_digits(value: float, text: str) -> None:
    assert loss(value) == text


def test_an_interval_has_the_digits_of_what_it_is_about() -> None:
    made = Interval(value=-0.0041234, low=-0.0066, high=-0.0016)
    assert gap(made, 0.49) == "−0.0041 ± 0.0025"
    assert between(made, 0.49) == "−0.0066 to −0.0016"
    assert about(Interval(value=38.2, low=36.2, high=40.2)) == "38.20 ± 2.00"


def test_an_unknown_interval_is_not_made_up() -> None:
    made = Interval(value=0.4, low=-inf, high=inf)
    assert (about(made), gap(made, 0.4), between(made, 0.4)) == ("0.4000", "+0.4000", "unknown")


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (950, "950"), (12_500, "12.5k"), (999_999, "1M"), (6_241_000, "6.24M")]
)
def test_counts_are_short(count: int, text: str) -> None:
    assert short(count) == text


def test_rows_that_have_only_an_order_have_shares_instead_of_dates() -> None:
    made = replay(policy("never", 1, 0.5, days=100))
    moment = BEGIN + timedelta(days=25)
    assert when(made, moment) == "2013-02-26"
    assert when(replace(made, spread=True), moment) == "25%"
