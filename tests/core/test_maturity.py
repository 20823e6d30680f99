from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.core.maturity import DELAYS, Cohort, last_mature_day, learnt, matures_at

DAY = timedelta(days=1)


def test_a_day_matures_one_delay_after_its_last_moment() -> None:
    assert matures_at(date(2013, 2, 1), DAY) == datetime(2013, 2, 3, tzinfo=UTC)


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),
       st.timedeltas(timedelta(0), timedelta(days=90)))  # fmt: skip
def test_the_last_mature_day_is_the_newest_that_has_matured(now: datetime, delay: timedelta) -> None:
    day = last_mature_day(delay, now)
    assert matures_at(day, delay) <= now < matures_at(day + DAY, delay)


def cohort(age: timedelta, predictions: int, labels: dict[timedelta, int]) -> Cohort:
    """Predictions of an age, with so many labels of each delay."""
    return Cohort(age=age, predictions=predictions, delays=[*(labels.get(delay, 0) for delay in DELAYS), 0])


def test_the_curve_of_old_cohorts_is_the_share_of_labels_that_came() -> None:
    curve = learnt([cohort(400 * DAY, 100, {DAY: 40, 3 * DAY: 40})])
    assert curve is not None
    assert curve.labelled == pytest.approx(0.8)
    assert (curve.share(DAY), curve.share(2 * DAY), curve.share(3 * DAY)) == (0.5, 0.5, 1)
    assert curve.share(2.5 * DAY) == pytest.approx(0.75)  # half of the way from 2 to 3 days
    assert (curve.delay(0.5), curve.delay(0.99)) == (DAY, 3 * DAY)


def test_young_cohorts_do_not_make_labels_look_quick() -> None:
    """Of 90 young predictions only the labels of the first day can be there."""
    old = cohort(400 * DAY, 100, {DAY: 40, 3 * DAY: 40})
    young = [cohort(DAY, 100, {DAY: 40}) for _ in range(9)]
    curve = learnt([old, *young])
    assert curve is not None
    assert curve.share(DAY) == pytest.approx(0.5)
    assert curve.labelled == pytest.approx(0.8)


@pytest.mark.parametrize("cohorts", [[], [cohort(400 * DAY, 10, {})], [cohort(timedelta(0), 10, {DAY: 3})]])
def test_without_labels_that_are_old_enough_there_is_no_curve(cohorts: list[Cohort]) -> None:
    assert learnt(cohorts) is None


@given(
    st.lists(st.tuples(st.integers(0, 20), st.lists(st.integers(0, 5), min_size=18, max_size=18)), max_size=8)
)
def test_the_curve_rises_from_0_to_1(rows: list[tuple[int, list[int]]]) -> None:
    cohorts = [
        Cohort(age=age * DAY, predictions=sum(delays) + 1, delays=[*delays, 0]) for age, delays in rows
    ]
    curve = learnt(cohorts)
    if curve is not None:
        assert list(curve.shares) == sorted(curve.shares)
        assert curve.shares[-1] == pytest.approx(1)
        assert 0 < curve.labelled <= 1
