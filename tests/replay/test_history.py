from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.adapters.ingest import ingest
from noria.adapters.lake import Dataset
from noria.delta import Table
from noria.errors import DataError
from noria.project.table import Column, TableSchema
from noria.replay.history import NEVER, History, micros, read_history

HOUR = timedelta(hours=1)
PLAIN = {"entity": None, "label_time": None}
ORDER = {"time": None, **PLAIN}


def test_rows_stand_in_the_order_of_their_times(read, flights, start):
    rows = flights(4)
    history, _ = read(rows[[2, 0, 3, 1]])
    assert history.rows["flight"].to_list() == ["f0", "f1", "f2", "f3"]
    assert history.rows["_row"].to_list() == [2, 4, 1, 3]
    assert history.times.tolist() == [micros(start + 6 * number * HOUR) for number in range(4)]
    assert history.known.tolist() == [micros(start + (6 * number + 2) * HOUR) for number in range(4)]
    assert not history.spread


def test_rows_of_one_time_keep_their_order(read, flights, start):
    history, _ = read(flights(50).with_columns(departure=start))
    assert history.rows["_row"].to_list() == list(range(1, 51))


def test_a_row_without_a_label_stays_and_is_never_known(read, flights):
    unlanded = pl.col("flight") == "f2"
    uncounted = pl.col("flight") == "f3"
    rows = flights(5).with_columns(
        late=pl.when(~unlanded).then("late"), landed=pl.when(~uncounted).then("landed")
    )
    history, _ = read(rows, like=flights(5))
    assert history.rows.height == 5
    assert (history.known == NEVER).tolist() == [False, False, True, True, False]
    assert history.rows["_known"].is_null().to_list() == (history.known == NEVER).tolist()
    assert history.refused.is_empty()


def test_without_a_label_time_labels_are_known_after_the_delay(read, flights):
    history, _ = read(flights(3), label_time=None, label_delay=timedelta(days=2))
    assert (history.known - history.times).tolist() == [2 * 86_400_000_000] * 3


TIMES = [
    ([date(2013, 1, 1), date(2013, 1, 2)], 24),
    ([datetime(2013, 1, 1), datetime(2013, 1, 1, 6)], 6),
    ([datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, 6, tzinfo=UTC)], 6),
    (["2013-01-01T00:00:00Z", "2013-01-01T06:00:00Z"], 6),
    (["2013-01-01", "2013-01-02"], 24),
    ([1356998400, 1356998400 + 3600], 1),
    ([1356998400.0, 1356998400.25], 0.25 / 3600),
]


@pytest.mark.parametrize(("values", "hours"), TIMES)
def test_the_ways_to_write_a_time(read, flights, start, values, hours):
    rows = flights(2).with_columns(departure=pl.Series(values))
    history, _ = read(rows, like=flights(2), **PLAIN)
    assert history.times.tolist() == [micros(start), micros(start + hours * HOUR)]


def test_an_order_is_spread_evenly_over_52_weeks(read, flights):
    rows = flights(100).drop("departure", "flight", "landed")
    history, _ = read(rows, **ORDER)
    assert history.spread
    assert history.rows["_row"].to_list() == list(range(1, 101))
    # 364 days by 100 rows: one in 3.64 days, the last at the very end
    assert set(np.diff(history.times).tolist()) == {314_496_000_000}
    assert history.moment(-1) - history.moment(0) == timedelta(days=364 - 3.64)
    assert (history.known == history.times).all()


def test_a_broken_row_is_refused_with_its_number(read, flights):
    rows = flights(4).with_columns(wind=pl.Series(["1", "strong", "3", "4"]))
    history, _ = read(rows, like=flights(4))
    assert history.rows["_row"].to_list() == [1, 3, 4]
    assert history.refused.rows() == [(2, "wind: found strong, allowed: number")]


def test_of_an_entity_at_a_time_the_row_with_a_label_counts(read, flights):
    rows = flights(3)
    unlabelled = rows[1:2].with_columns(
        late=pl.lit(None, pl.Int64), landed=pl.lit(None, rows["landed"].dtype)
    )
    history, _ = read(pl.concat([unlabelled, unlabelled, rows, rows[:1]]), like=rows)
    assert history.rows.select("flight", "_row").rows() == [("f0", 3), ("f1", 4), ("f2", 5)]
    assert history.refused["_row"].to_list() == [1, 2, 6]


def test_nothing_readable_is_said(read, flights):
    rows = flights(2).with_columns(departure=pl.lit("soon"))
    with pytest.raises(DataError) as caught:
        read(rows, like=flights(2))
    assert caught.value.message == (
        "each row of the sources is refused: row 1: departure: found soon, allowed: timestamp"
    )


def test_a_time_of_another_kind_is_said(make_project):
    columns = (Column(name="departure", kind="integer"), Column(name="late", kind="integer"))
    with pytest.raises(DataError, match=r"data\.time: departure is of the kind integer in schema\.toml"):
        read_history(make_project(**PLAIN), TableSchema(columns=columns), datetime(2014, 1, 1, tzinfo=UTC))


def test_the_digest_tells_the_content(read, flights):
    rows = flights(20)
    first = read(rows)[0].digest
    assert read(rows)[0].digest == first
    assert read(rows.sort("flight"))[0].digest == first  # the times, not the file, give the order
    assert read(rows.with_columns(late=1 - pl.col("late")))[0].digest != first
    assert read(rows.with_columns(landed=pl.col("landed") + HOUR))[0].digest != first
    assert read(rows[:19])[0].digest != first


def test_an_ingest_would_take_the_same_rows(read, flights, schema_of):
    unlabelled = pl.int_range(pl.len()) % 7 == 5
    rows = flights(40).with_columns(late=pl.when(~unlabelled).then("late"))
    rows = pl.concat([rows, rows[:3]])
    now = datetime(2013, 2, 1, tzinfo=UTC)
    history, project = read(rows, like=flights(40), now=now)
    assert not project.home.exists()
    dataset = Dataset(project.home / "lake", project.data)
    ingest(project, schema_of(flights(40), project), dataset, now)
    taken = dataset.read().sort("_time").collect()
    labelled = history.rows.drop_nulls("_known")
    assert labelled.drop("_row").equals(taken.select(labelled.drop("_row").columns))


def answered(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The collector's two tables: a prediction at each departure, and its label at the landing."""
    ids = rows.select(id=pl.format("p{}", "flight"))
    served = {"model": "flights", "version": 1, "role": "champion", "plan": 1, "output": 0.5, "latency": 0.01}
    predictions = rows.select("wind", entity="flight", at="departure").with_columns(
        pl.lit(value).alias(name) for name, value in served.items()
    )
    labels = rows.select(label=pl.col("late").cast(float), at="landed", as_of="landed", source=pl.lit("api"))
    frames = {"predictions": predictions.hstack(ids), "labels": labels.hstack(ids)}
    return {name: frame.with_columns(client=pl.lit(None, pl.String)) for name, frame in frames.items()}


@pytest.mark.parametrize("entity", ["flight", None])
def test_what_was_fed_back_belongs_to_the_history(read, flights, schema_of, entity):
    rows, now = flights(30), datetime(2013, 2, 1, tzinfo=UTC)
    changes = {"entity": entity, "now": now}
    _, project = read(rows[:20], **changes)
    for name, table in answered(rows[20:]).items():
        days = table.with_columns(_day=pl.col("at").dt.date())
        Table(project.home / "lake" / name, by_day=True).append(days, {})
    history, _ = read(rows[:20], **changes)
    assert history.rows["_row"].to_list() == [*range(1, 21), *[None] * 10]
    assert history.rows["wind"].to_list() == rows["wind"].to_list()
    assert history.rows["_known"].to_list() == rows["landed"].to_list()

    ingest(project, schema_of(rows[:20], project), Dataset(project.home / "lake", project.data), now)
    assert read(rows[:20], **changes)[0].digest == history.digest  # ingested meanwhile, and none twice
    assert read(rows[5:20], **changes)[0].digest == history.digest  # nor forgotten with its file


MOMENTS = st.integers(0, 2_000).map(lambda hours: datetime(2013, 1, 1, tzinfo=UTC) + hours * HOUR)
ROWS = st.lists(st.tuples(MOMENTS, st.none() | MOMENTS), min_size=1, max_size=30)


def history_of(rows: list[tuple[datetime, datetime | None]]) -> History:
    rows = sorted(rows, key=lambda row: row[0])
    return History(
        rows=pl.DataFrame(rows, schema=["_time", "_known"], orient="row"),
        times=np.array([micros(time) for time, _ in rows]),
        known=np.array([micros(known) if known else NEVER for _, known in rows]),
        spread=False,
        entity=None,
        refused=pl.DataFrame(),
        digest="",
    )


@given(ROWS, MOMENTS)
def test_nothing_from_later_is_ever_seen(rows, now):
    history = history_of(rows)
    seen = set(np.flatnonzero(history.labelled(now)).tolist())
    for number, (time, known) in enumerate(sorted(rows, key=lambda row: row[0])):
        assert (number in seen) == (time <= now and known is not None and known <= now)


@given(ROWS, st.lists(MOMENTS, min_size=2, max_size=6).map(sorted))
def test_each_row_arrives_once_and_in_its_time(rows, moments):
    history = history_of(rows)
    parts = [history.arrived(*pair) for pair in pairwise(moments)]
    arrived = [number for part in parts for number in part]
    assert arrived == list(history.arrived(moments[0], moments[-1]))
    expected = [number for number, time in enumerate(sorted(time for time, _ in rows))
                if moments[0] < time <= moments[-1]]  # fmt: skip
    assert arrived == expected
    assert len(history.arrived(moments[-1], moments[0])) == 0
