from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.chart.scale import Frame, calendar, scale


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.49, 0.55], ["0.49", "0.50", "0.51", "0.52", "0.53", "0.54", "0.55"]),
        (
            [-0.003, 0.011],
            ["−0.004", "−0.002", "0.000", "0.002", "0.004", "0.006", "0.008", "0.010", "0.012"],
        ),
        ([0, 48], ["0", "10", "20", "30", "40", "50"]),
        ([1_234, 5_678], ["1,000", "2,000", "3,000", "4,000", "5,000", "6,000"]),
        ([0.5, 0.5], ["0.50", "0.51"]),
        ([0.5, 0.5 - 1e-16], ["0.50", "0.51"]),
        ([0.0, 5e-324], ["0.0", "0.1"]),
        ([float("nan"), float("inf")], ["0.0", "0.1"]),
    ],
)
def test_ticks_are_round_and_enclose_the_values(values: list[float], ticks: list[str]) -> None:
    assert [text for _, text in scale(values).ticks] == ticks


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.integers(3, 10))
def test_every_value_is_inside(values: list[float], most: int) -> None:
    made = scale(values, most)
    assert all(-1e-5 <= made.share(value) <= 1 + 1e-5 for value in values)
    assert 2 <= len(made.ticks) <= most + 1


@pytest.mark.parametrize(
    ("begin", "end", "texts"),
    [
        ((2013, 2, 1), (2013, 6, 30), ["Feb", "Mar", "Apr", "May", "Jun"]),
        ((2013, 11, 5), (2014, 2, 3), ["Dec", "2014", "Feb"]),
        ((2013, 2, 4), (2013, 2, 8), ["4 Feb", "5 Feb", "6 Feb", "7 Feb", "8 Feb"]),
        ((1950, 6, 1), (2020, 1, 1), ["1960", "1970", "1980", "1990", "2000", "2010", "2020"]),
    ],
)  # fmt: skip
def test_a_calendar_fits_its_span(
    begin: tuple[int, int, int], end: tuple[int, int, int], texts: list[str]
) -> None:
    ticks = calendar(datetime(*begin, tzinfo=UTC), datetime(*end, tzinfo=UTC))
    assert [text for _, text in ticks] == texts


def test_a_frame_puts_shares_between_its_margins() -> None:
    frame = Frame(width=200, height=100, left=20, right=20, top=10, bottom=10)
    assert (frame.x(0), frame.x(0.5), frame.x(1)) == (20, 100, 180)
    assert (frame.y(0), frame.y(0.5), frame.y(1)) == (90, 50, 10)
