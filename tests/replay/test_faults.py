from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from noria.errors import DataError
from noria.project.model import Train
from noria.replay.faults import examine

BEGIN, END = datetime(2013, 2, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
NOW = datetime(2014, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ORDER = {"time": None, "entity": None, "label_time": None}
ROWS = 400
"""A hundred days of four flights, to 2013-04-10 18:00."""


def faults(history, project, *, begin=BEGIN, end=END, now=NOW) -> list[str]:
    with pytest.raises(DataError) as caught:
        examine(history, project, begin, end, now)
    assert caught.value.hint in ("noria doctor", "noria replay --help")
    return caught.value.message.split("\n")


def test_a_sound_history_is_passed(read, flights):
    assert examine(*read(flights(ROWS)), BEGIN, END, NOW) == ()


SPAN = "is outside of the history: 2013-01-01 00:00 to 2013-04-10 20:00"  # the last one lands at 20:00
SPANS = [
    (END, BEGIN, ["--from 2013-04-01 00:00 is not before --to 2013-02-01 00:00"]),
    (datetime(2012, 12, 1, tzinfo=UTC), END, [f"--from 2012-12-01 00:00 {SPAN}"]),
    (BEGIN, datetime(2013, 4, 12, tzinfo=UTC), [f"--to 2013-04-12 00:00 {SPAN}"]),
    (BEGIN + 365 * DAY, END + 365 * DAY,
     [f"--from 2014-02-01 00:00 {SPAN}", f"--to 2014-04-01 00:00 {SPAN}"]),
]  # fmt: skip


@pytest.mark.parametrize(("begin", "end", "sentences"), SPANS)
def test_a_span_outside_of_the_history(read, flights, begin, end, sentences):
    assert faults(*read(flights(ROWS)), begin=begin, end=end) == sentences


def test_a_day_given_as_the_end_may_be_the_last(read, flights):
    assert examine(*read(flights(ROWS)), BEGIN, datetime(2013, 4, 11, tzinfo=UTC), NOW) == ()


def test_times_and_labels_from_later_than_now(read, flights):
    now = datetime(2013, 4, 10, 7, tzinfo=UTC)
    # flights leave at 12:00 and 18:00; the labels of these and of 06:00 come after 07:00
    assert faults(*read(flights(ROWS)), now=now) == [
        "2 rows with a time later than now, 2013-04-10 07:00: first row 399 (f398, 2013-04-10 12:00)",
        "3 rows with a label from later than now, 2013-04-10 07:00: first row 398 (f397, 2013-04-10 06:00)",
    ]


def test_a_label_that_is_due_later_than_now_is_no_fault(read, flights):
    history, project = read(flights(ROWS), label_time=None, label_delay=2 * DAY)
    assert examine(history, project, BEGIN, END, datetime(2013, 4, 10, 20, tzinfo=UTC)) == ()


@pytest.mark.parametrize(("early", "fatal"), [(4, False), (5, True)])
def test_labels_from_before_their_rows(read, flights, early, fatal):
    """One of a hundred rows is a slip; four of 400 are no more than that."""
    landed = pl.when(pl.int_range(pl.len()) < early).then(pl.col("departure") - DAY).otherwise("landed")
    history, project = read(flights(ROWS).with_columns(landed=landed))
    sentence = (
        f"{early} rows with a label that was known before the row came (allowed: 1% of the rows): "
        "first row 1 (f0, 2013-01-01 00:00)"
    )
    if fatal:
        assert faults(history, project) == [sentence]
    else:
        assert examine(history, project, BEGIN, END, NOW) == (sentence,)


def test_a_history_that_is_too_short(read, flights):
    begin, end = datetime(2013, 1, 10, tzinfo=UTC), datetime(2013, 1, 25, tzinfo=UTC)
    # 100 flights leave within 99 * 6 h = 24.75 days
    assert faults(*read(flights(100)), begin=begin, end=end) == [
        "the history is too short: its rows span 24.8 days, and 28 days are needed: "
        "4 times train.holdout, 7 days"
    ]


def test_too_few_labels_at_the_begin_and_until_the_end(read, flights):
    begin, end = datetime(2013, 1, 3, tzinfo=UTC), datetime(2013, 1, 7, tzinfo=UTC)
    # known by January 3: 2 days of 4 flights; after it, the flights from 06:00 on to the last that lands by
    # the 7th, the one of the 6th, 18:00: 4 * 4 - 1
    assert faults(*read(flights(ROWS)), begin=begin, end=end) == [
        "8 labels are known at 2013-01-03 00:00, the begin; 20 are needed",
        "15 rows from 2013-01-03 00:00 to 2013-01-07 00:00 get a label by then; 20 are needed",
    ]


def test_too_little_to_train_on_beside_the_holdout(read, flights):
    begin = datetime(2013, 1, 7, tzinfo=UTC)
    assert faults(*read(flights(ROWS)), begin=begin) == [
        "at 2013-01-07 00:00, the begin: train.holdout = 7 days, 0:00:00 leaves no row to train on: "
        "24 labels are known and due, from 2013-01-01T00:00:00+00:00 to 2013-01-06T18:00:00+00:00; "
        "change it, or give more data"
    ]


def test_one_class_overall(read, flights):
    history, project = read(flights(ROWS).with_columns(late=1), like=flights(ROWS))
    assert faults(history, project) == ["late: is always 1 in all 400 rows; two values are needed"]


def test_no_label_at_all(read, flights):
    history, project = read(flights(ROWS).with_columns(late=pl.lit(None, pl.Int64)), like=flights(ROWS))
    assert faults(history, project) == [
        "0 labels are known at 2013-02-01 00:00, the begin; 20 are needed",
        "0 rows from 2013-02-01 00:00 to 2013-04-01 00:00 get a label by then; 20 are needed",
        "late: is missing in all 400 rows; two values are needed",
    ]


def test_one_class_before_the_begin(read, flights):
    rows = flights(ROWS).with_columns(late=pl.when(pl.col("departure") < BEGIN).then(0).otherwise("late"))
    # of the 124 flights before February, the last landed at 20:00 on the 31st; 7 days of them are held out
    assert faults(*read(rows)) == [
        "at 2013-02-01 00:00, the begin: late: is always 0 in the 96 rows before the holdout; "
        "a binary label needs at least a 1 and a 0"
    ]


def test_all_faults_are_told_at_once(read, flights):
    rows = flights(100).with_columns(late=1, landed=pl.col("departure") - DAY)
    begin, end, now = (datetime(2013, 1, day, tzinfo=UTC) for day in (10, 20, 22))
    sentences = faults(*read(rows, like=flights(100)), begin=begin, end=end, now=now)
    starts = (
        "15 rows with a time later",
        "11 rows with a label from later",
        "100 rows with a label that was",
        "the history is too short",
        "late: is always 1",
    )
    assert len(sentences) == len(starts)
    for sentence, start in zip(sentences, starts, strict=True):
        assert sentence.startswith(start)


def test_an_order_needs_no_holdouts_in_days(read, flights):
    rows = flights(200).drop("flight", "departure", "landed")
    history, project = read(rows, train=Train(holdout=0.2), **ORDER)
    middle = history.moment(100)
    sentences = examine(history, project, middle, history.moment(-1), NOW)
    assert sentences == (
        "without data.time the rows have only an order: they are spread evenly over 52 weeks",
    )
