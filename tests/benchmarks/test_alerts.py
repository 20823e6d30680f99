from datetime import timedelta

from benchmarks.alerts import BEGIN, WEEKS, _shuffled
from benchmarks.days import by_day


def test_shuffled_weeks_keep_their_days_rows_and_weekdays() -> None:
    table = by_day()
    days = _shuffled(table, seed=1)
    assert len(days) == 7 * WEEKS
    kept = [table[BEGIN + day * timedelta(days=1)].height for day in range(7 * WEEKS)]
    assert sorted(rows.height for rows in days.values()) == sorted(kept)
    assert [rows.height for rows in days.values()] != kept
    for day, rows in days.items():
        assert rows["_time"].dt.date().is_in([day, day + timedelta(days=1)]).all()
        assert rows["scheduled_departure"][0].weekday() == day.weekday()
