from datetime import timedelta

import polars as pl

from noria.replay.oddities import oddities

ORDER = {"time": None, "entity": None, "label_time": None}
DAY = timedelta(days=1)


def test_a_sound_history_has_none(read, flights):
    assert list(oddities(*read(flights(100)))) == []


def test_refused_rows_are_told_column_by_column(read, flights):
    wind = (
        pl.when(pl.int_range(pl.len()).is_in([4, 9]))
        .then(pl.lit("strong"))
        .otherwise(pl.col("wind").cast(str))
    )
    rows = pl.concat([flights(100), flights(2)[1:]]).with_columns(wind=wind)
    assert list(oddities(*read(rows, like=flights(100)))) == [
        "2 rows refused, as by an ingest: first row 5: wind: found strong, allowed: number",
        "1 row refused, as by an ingest: first row 101: flight, departure: occurs before in this batch; "
        "the first row counts",
    ]


def test_a_label_that_is_not_finite_is_refused_and_one_that_is_no_number_is_missing(read, flights):
    minutes = pl.when(pl.int_range(pl.len()) == 7).then(float("inf")).otherwise("wind")
    minutes = pl.when(pl.int_range(pl.len()) == 9).then(float("nan")).otherwise(minutes)
    rows = flights(100)
    history, project = read(rows.with_columns(late=minutes), like=rows.with_columns(late="wind"))
    assert history.rows["_row"].to_list() == [*range(1, 8), *range(9, 101)]
    assert history.rows.filter(pl.col("_known").is_null())["_row"].to_list() == [10]
    assert list(oddities(history, project)) == [
        "1 row refused, as by an ingest: first row 8: late: found inf, allowed: number"
    ]


def test_without_an_entity_repeated_rows_stay(read, flights):
    rows = pl.concat([flights(100), flights(7)[4:]])
    history, project = read(rows, entity=None)
    sentences = list(oddities(history, project))
    assert history.rows.height == 103
    assert sentences[0] == (
        "3 rows with the values of a row before, kept as in the dataset: first row 101 (2013-01-02 00:00)"
    )


def test_times_that_go_backwards(read, flights):
    rows = flights(100)
    rows = pl.concat([rows[:10], rows[50:], rows[10:50]])
    # 10 rows and 50 rows come first: the 61st is flight 10, of January 3, 12:00
    assert list(oddities(*read(rows))) == [
        "1 row with a time before that of the row above, sorted in: first row 61 (f10, 2013-01-03 12:00)"
    ]


def test_gaps_of_weeks(read, flights):
    later = pl.when(pl.int_range(pl.len()) >= 40).then(pl.lit(20 * DAY)).otherwise(pl.lit(0 * DAY))
    rows = flights(100).with_columns(departure=pl.col("departure") + later, landed=pl.col("landed") + later)
    # 6 hours and 20 days
    assert list(oddities(*read(rows))) == [
        "no rows for 20.2 days, between row 40 (f39, 2013-01-10 18:00) and row 41 (f40, 2013-01-31 00:00)"
    ]


def test_of_many_gaps_three_are_written_out(read, flights):
    late = pl.int_range(pl.len()) // 10 * pl.lit(15 * DAY)
    rows = flights(60).with_columns(departure=pl.col("departure") + late, landed=pl.col("landed") + late)
    # 15 days are more than a twentieth of the 5 * 15 + 15 days: there are 5 such gaps
    sentences = list(oddities(*read(rows)))
    assert [sentence[:21] for sentence in sentences[:3]] == ["no rows for 15.2 days"] * 3
    assert sentences[3:] == ["2 more gaps of weeks"]


def test_months_between_all_rows_are_no_gaps(read, flights):
    month = pl.int_range(pl.len()) * pl.lit(30 * DAY)
    rows = flights(100).with_columns(departure=pl.col("departure") + month, landed=pl.col("landed") + month)
    assert list(oddities(*read(rows))) == []


def test_many_rows_that_never_get_a_label(read, flights):
    late = pl.when(pl.int_range(pl.len()) % 4 > 0).then("late")
    assert list(oddities(*read(flights(100).with_columns(late=late), like=flights(100)))) == [
        "25% of the rows, 25 of 100, never get a label"
    ]
    fifth = pl.when(pl.int_range(pl.len()) % 5 > 0).then("late")
    assert list(oddities(*read(flights(100).with_columns(late=fifth), like=flights(100)))) == []


def test_an_order_has_times_of_no_meaning(read, flights):
    rows = flights(100).drop("flight", "departure")
    assert list(oddities(*read(rows, **{**ORDER, "label_time": "landed"}))) == [
        "without data.time the rows have only an order: they are spread evenly over 52 weeks",
        "data.label_time has no place among made-up times: each label is known with its row",
    ]
