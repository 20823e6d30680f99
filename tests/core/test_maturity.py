from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from noria.core.maturity import last_mature_day, matures_at

DAY = timedelta(days=1)


def test_a_day_matures_one_delay_after_its_last_moment() -> None:
    assert matures_at(date(2013, 2, 1), DAY) == datetime(2013, 2, 3, tzinfo=UTC)


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),
       st.timedeltas(timedelta(0), timedelta(days=90)))  # fmt: skip
def test_the_last_mature_day_is_the_newest_that_has_matured(now: datetime, delay: timedelta) -> None:
    day = last_mature_day(delay, now)
    assert matures_at(day, delay) <= now < matures_at(day + DAY, delay)
