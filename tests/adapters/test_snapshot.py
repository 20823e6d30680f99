import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noria.adapters.snapshot import snapshot
from noria.delta import Table
from noria.errors import DataError
from noria.project.model import Train

START = datetime(2013, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=10)


@pytest.fixture
def project(make_project, flights, tmp_path):
    """Ten days of flights, one per hour."""
    (tmp_path / "data").mkdir()
    flights(240).write_csv(tmp_path / "data" / "flights.csv")
    return make_project()


def cut(project, schema, now=NOW, run="r1", windows=("all",)):
    return snapshot(project, schema, project.home / "runs" / run, now, windows)


def times(path):
    return pl.read_parquet(path)["_time"]


def test_the_cuts_part_the_known_rows_by_time(project, schema):
    made = cut(project, schema)
    # flights 0 to 239; the last flight that has landed by hour 240 left at hour 238
    assert (made.version, made.rows, made.new_rows, made.quarantined) == (1, 239, 239, 0)
    # due by hour 240 are the labels of flights 0 to 240 - 24 = 216; the holdout is what left after hour 168
    assert made.holdout_rows == 48
    assert made.holdout_from == (START + timedelta(hours=169)).isoformat()
    assert times(made.holdout).max() == START + timedelta(hours=216)
    assert times(made.cuts[0].train).max() < times(made.holdout).min()
    full = pl.read_parquet(made.cuts[0].full)
    assert full.height == 239
    assert full.columns == [*schema.names, "_version", "_time", "_source"]


def test_it_does_the_same_when_repeated(project, schema):
    first = cut(project, schema)
    before = pl.read_parquet(first.cuts[0].full)
    assert cut(project, schema) == first
    assert pl.read_parquet(first.cuts[0].full).equals(before)


def test_an_earlier_moment_sees_what_was_known_then(project, schema):
    cut(project, schema)
    earlier = cut(project, schema, START + timedelta(hours=100), "r2")
    assert earlier.rows == 99  # flight 98 has landed at hour 100


def test_new_rows_of_a_source_are_a_new_version(project, schema, flights):
    cut(project, schema)
    flights(250).write_csv(project.root / "data" / "flights.csv")
    made = cut(project, schema, START + timedelta(days=11))
    assert (made.version, made.rows, made.new_rows) == (2, 250, 10)


def test_refused_rows_are_counted_once_and_come_when_they_are_good(project, schema, flights):
    rows = flights(250)
    late = pl.when(pl.col("flight") == "f245").then(None).otherwise("late")
    rows.with_columns(late=late).write_csv(project.root / "data" / "flights.csv")
    now = START + timedelta(days=11)
    assert cut(project, schema, now).quarantined == 1
    assert cut(project, schema, now).quarantined == 1
    quarantine = Table(project.home / "lake" / "quarantine").scan().collect()
    assert quarantine.select("origin", "reason").row(0) == ("source", "late: is missing")
    rows.write_csv(project.root / "data" / "flights.csv")
    made = cut(project, schema, now)
    assert (made.version, made.new_rows) == (2, 1)


def test_the_window_keeps_the_newest_stretch(project, schema):
    made = cut(project, schema, windows=("5d", "all"))
    newest, every = made.cuts
    assert (newest.window, newest.rows) == ("5d", 120)  # after hour 238 - 120 = 118: flights 119 to 238
    assert times(newest.train).len() == 120  # flights 49 to 168
    assert (every.window, every.rows, made.rows) == ("all", 239, 239)


def test_a_share_holds_out_the_newest_rows(project, schema):
    project = replace(project, train=Train(holdout=0.1, params={}))
    assert cut(project, schema).holdout_rows == 22  # 0.1 x 217, rounded up


def test_without_a_time_the_order_of_the_rows_is_the_time(make_project, schema, flights, tmp_path):
    (tmp_path / "data").mkdir()
    flights(100).write_parquet(tmp_path / "data" / "flights.parquet")
    project = make_project(train=Train(holdout=0.2, params={}), time=None, label_time=None)
    made = cut(project, schema)
    assert (made.rows, made.holdout_rows, made.holdout_from) == (100, 20, "80")
    wrong = replace(project, train=Train(holdout=timedelta(days=2), params={}))
    with pytest.raises(DataError, match=r"train\.holdout: is a duration, but the project has no data\.time"):
        cut(wrong, schema)


def test_too_little_is_said_with_its_numbers(project, schema, flights):
    long = replace(project, train=Train(holdout=timedelta(days=30), params={}))
    with pytest.raises(DataError, match="leaves no row to train on: 217 labels are known and due"):
        cut(long, schema)
    with pytest.raises(DataError, match="of the dataset's 240 rows, no label was known"):
        cut(project, schema, START)


def test_a_label_that_never_varies_is_said(project, schema, flights):
    flights(240).with_columns(late=0).write_csv(project.root / "data" / "flights.csv")
    with pytest.raises(DataError, match="late: is always 0 in the 169 rows"):
        cut(project, schema)


def collect(project, predictions, labels):
    """Write the two tables of the collector."""
    for name, frame in (("predictions", predictions), ("labels", labels)):
        table = Table(project.home / "lake" / name, by_day=True)
        table.append(frame.with_columns(_day=pl.col("at").dt.date()), {})


def predicted(rows, role="champion"):
    """Predictions of flights at their departure."""
    return rows.select(
        pl.format("p{}", "flight").alias("id"),
        pl.col("departure").alias("at"),
        pl.col("flight").alias("entity"),
        pl.lit(None, pl.String).alias("client"),
        pl.lit("flights").alias("model"),
        pl.lit(7).alias("version"),
        pl.lit(role).alias("role"),
        pl.lit(3).alias("plan"),
        pl.lit(0.5).alias("output"),
        pl.lit(0.01).alias("latency"),
        "carrier",
        "wind",
        pl.col("hour").cast(pl.Float64),
    )


def labelled(rows):
    """Labels of flights when they landed."""
    return rows.select(
        pl.format("p{}", "flight").alias("id"),
        pl.col("late").cast(pl.Float64).alias("label"),
        pl.col("landed").alias("at"),
        pl.col("landed").alias("as_of"),
        pl.lit("api").alias("source"),
        pl.lit(None, pl.String).alias("client"),
    )


def test_mature_labelled_predictions_become_the_next_version(project, schema, flights):
    cut(project, schema)
    later = flights(72, first=240)
    collect(project, predicted(later), labelled(later.filter(pl.col("flight") != "f250")))
    made = cut(project, schema, START + timedelta(hours=290), "r2")
    # due by hour 290 are the flights 240 to 266 (266 + 24 = 290), without 250: 26
    assert (made.version, made.new_rows, made.quarantined) == (2, 26, 0)
    full = pl.read_parquet(made.cuts[0].full)
    new = full.filter(pl.col("_version") == 2).sort("_time")
    assert new.select(schema.names).equals(later.filter(pl.col("flight").is_in(new["flight"].to_list())))


def test_a_column_that_is_no_feature_need_not_be_sent(project, schema, flights):
    project = replace(project, data=replace(project.data, features=("carrier", "wind")))
    cut(project, schema)
    later = flights(1, first=240)
    collect(project, predicted(later).drop("hour"), labelled(later))
    made = cut(project, schema, START + timedelta(days=20), "r2")
    assert (made.new_rows, made.quarantined) == (1, 0)
    assert pl.read_parquet(made.cuts[0].full).filter(flight="f240")["hour"].to_list() == [None]


def test_shadows_and_known_flights_never_become_examples(project, schema, flights):
    cut(project, schema)
    later = flights(30, first=235)
    collect(project, predicted(later, role="shadow"), labelled(later))
    assert cut(project, schema, START + timedelta(days=30), "r2").version == 1
    collect(project, predicted(later), labelled(later))
    made = cut(project, schema, START + timedelta(days=30), "r3")
    assert made.new_rows == 25  # 235 to 239 are in the dataset


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=st.integers(30, 400), seed=st.integers(0, 99))
def test_no_label_is_used_before_it_was_known(hours, seed, make_project, schema, flights, tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    (root / "data").mkdir()
    flights(100).write_parquet(root / "data" / "flights.parquet")
    project = replace(make_project(), root=root, train=Train(holdout=0.5, params={}))
    later = flights(150, first=100)
    delays = random.Random(seed)
    arrivals = pl.Series(
        "landed", [row + timedelta(hours=delays.randint(0, 90)) for row in later["departure"]]
    )
    later = later.with_columns(arrivals)
    collect(project, predicted(later), labelled(later))
    now = START + timedelta(hours=hours)
    made = cut(project, schema, now)
    full = pl.read_parquet(made.cuts[0].full)
    assert (full["landed"] <= now).all()
    fed = full.join(later, on="flight", how="semi")
    due = later.filter((pl.col("landed") <= now) & (pl.col("departure") + timedelta(days=1) <= now))
    assert sorted(fed["flight"]) == sorted(due["flight"])
