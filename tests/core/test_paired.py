import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.paired import Moments, Paired, apart

numbers = st.lists(st.floats(-1e6, 1e6), max_size=30)


def moments(values: list[float]) -> Moments:
    if not values:
        return Moments()
    mean = sum(values) / len(values)
    return Moments(
        rows=len(values), mean=mean, variance=sum((value - mean) ** 2 for value in values) / len(values)
    )


@given(numbers, numbers)
def test_the_sum_is_that_of_all_rows(some: list[float], more: list[float]) -> None:
    total, whole = moments(some) + moments(more), moments(some + more)
    assert total.rows == whole.rows
    assert (total.mean, total.variance) == pytest.approx((whole.mean, whole.variance), abs=1e-3)


def test_small_differences_of_large_values_stay() -> None:
    # 1e9 and 1e9 + 2: the mean 1e9 + 1, the variance 1; squares of such values would have lost it
    total = Moments(rows=1, mean=1e9) + Moments(rows=1, mean=1e9 + 2)
    assert total == Moments(rows=2, mean=1e9 + 1, variance=1)


def test_pairs_add_up() -> None:
    one = Paired(gains=Moments(rows=1, mean=1), won=2, lost=3)
    assert one + Paired() == one
    assert one + one == Paired(gains=Moments(rows=2, mean=1), won=4, lost=6)


def test_two_arms_have_the_standard_error_of_a_difference() -> None:
    # 100 rows with variance 4 and 400 with variance 8: 4 / 100 + 8 / 400 = 0.06 is the squared error
    own, champion = Moments(rows=100, mean=0.5, variance=4), Moments(rows=400, mean=0.7, variance=8)
    gains = apart(own, champion).gains
    assert (gains.rows, gains.mean) == (100, pytest.approx(0.2))  # the champion lost more: it is better
    assert gains.variance / gains.rows == pytest.approx(0.06)
    assert apart(own, Moments()) == Paired()


def test_two_arms_keep_their_losses() -> None:
    own, champion = Moments(rows=100, mean=0.5, variance=4), Moments(rows=400, mean=0.7, variance=8)
    both = apart(own, champion) + apart(own, champion)
    assert (both.own, both.champion) == (own + own, champion + champion)


@given(st.integers(1, 300), st.integers(0, 300), st.floats(0.1, 9))
def test_events_are_the_rows_that_have_a_loss(events: int, others: int, loss: float) -> None:
    assert moments([loss] * events + [0.0] * others).events == pytest.approx(events)


def test_without_a_loss_there_is_no_event() -> None:
    assert Moments().events == Moments(rows=5).events == 0


def test_days_of_two_arms_are_held_apart() -> None:
    # a day when all lose much, of which the challenger got a greater part, says nothing against it
    good = apart(Moments(rows=10, mean=1, variance=1), Moments(rows=90, mean=1, variance=1))
    bad = apart(Moments(rows=50, mean=9, variance=1), Moments(rows=50, mean=9, variance=1))
    assert (good + bad).gains.mean == 0
