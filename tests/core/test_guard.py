import random

import pytest

from noria.core.guard import judge
from noria.core.paired import Moments

LOSS = Moments(rows=7000, mean=0.5)


def days(*gains: float) -> list[Moments]:
    return [Moments(rows=1000, mean=gain, variance=0.01) for gain in gains]


@pytest.mark.parametrize(
    ("before", "proven"),
    [
        ([], False),
        (days(0.5, 0.5), False),  # two days are no evidence
        (days(0.05, 0.051, 0.049), True),  # clear after three
        (days(0.05, 0.01, 0.09, -0.05, 0.04), False),  # better in the mean, and not surely
        (days(*[0.05, 0.03, 0.06, 0.02, 0.05, 0.04] * 2), True),
        (days(*[0.001, 0.0011, 0.0009] * 4), False),  # 0.2% of the loss is not worth a change
        (days(*[-0.05, -0.03, -0.06] * 4), False),  # the champion is better
        (days(*[0.0] * 14), False),  # the same model
    ],
)
def test_the_model_before_comes_back_where_it_is_surely_better(before: list[Moments], proven: bool) -> None:
    assert judge(before, LOSS).proven is proven


@pytest.mark.parametrize(("needed", "proven"), [(0, True), (3000, True), (3001, False)])
def test_fewer_rows_than_the_gates_want_take_no_champion_back(needed: int, proven: bool) -> None:
    assert judge(days(0.05, 0.051, 0.049), LOSS, needed).proven is proven


def test_what_is_told() -> None:
    seen = judge(days(0.05, 0.051, 0.049), LOSS)
    assert seen.said.startswith("the model before would have gained +0.0500 (+0.")
    assert seen.numbers["guard: days"] == 3
    assert seen.numbers["guard: statistic"] == seen.numbers["guard: low"] > seen.numbers["guard: bound"] == 0


def test_of_models_that_are_alike_one_in_five_comes_back_at_most() -> None:
    """2,000 guards of 14 days, each looked at every day; 0.2 + 2.58 sqrt(0.2 x 0.8 / 2000) = 0.2231."""
    draw = random.Random(1)
    loss = Moments(rows=1000, mean=0.0)  # whatever gain is worth a change
    wrong = 0
    for _ in range(2000):
        gains = [draw.gauss(0, 0.2) for _ in range(14)]
        wrong += any(judge(days(*gains[:number]), loss).proven for number in range(3, 15))
    assert wrong / 2000 <= 0.2231
