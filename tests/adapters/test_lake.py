from collections import Counter
from datetime import timedelta

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noria.adapters.lake import Dataset, visible
from noria.project.model import Data

PLAIN = Data(source=("*",), label="y", features=("x",))


def test_a_version_holds_its_rows_for_ever(tmp_path, make_project, flights):
    dataset = Dataset(tmp_path, make_project().data)
    assert dataset.append({"source": flights(10)}) == 1
    assert dataset.append({"source": flights(15)}) == 2  # 10 known, 5 new
    assert dataset.read(1).collect().height == 10
    assert dataset.read().collect().height == 15
    assert list(dataset.versions()) == [1, 2]
    assert dataset.read().filter(_version=2).collect()["flight"].to_list() == [f"f{n}" for n in range(10, 15)]


def test_without_new_rows_the_version_stays(tmp_path, make_project, flights):
    dataset = Dataset(tmp_path, make_project().data)
    dataset.append({"source": flights(10)})
    assert dataset.append({"source": flights(10), "feedback": flights(5)}) == 1


def test_an_entity_has_a_row_for_each_time(tmp_path, make_project, flights):
    dataset = Dataset(tmp_path, make_project().data)
    rows = flights(3)
    next_day = rows.with_columns(pl.col("departure") + timedelta(days=1))
    assert dataset.append({"source": rows}) == 1
    assert dataset.append({"source": pl.concat([rows, next_day])}) == 2
    assert dataset.append({"feedback": next_day.with_columns(_id=pl.lit("p1"))}) == 2  # known already
    assert dataset.read().collect().height == 6


def test_without_a_time_an_entity_has_one_row(tmp_path, make_project, flights):
    dataset = Dataset(tmp_path, make_project(time=None).data)
    assert dataset.append({"source": flights(3)}) == 1
    assert dataset.append({"source": flights(3).with_columns(wind=pl.lit(9.0))}) == 1


def test_a_folder_may_have_any_name(tmp_path, make_project, flights):
    dataset = Dataset(tmp_path / "größe (m²) & more", make_project().data)
    dataset.append({"source": flights(3)})
    assert dataset.append({"source": flights(4)}) == 2
    assert dataset.read().collect().height == 4


def test_another_process_sees_version_and_rows(tmp_path, make_project, flights):
    data = make_project().data
    Dataset(tmp_path, data).append({"source": flights(3)})
    assert Dataset(tmp_path, data).version == 1


def test_a_row_is_seen_when_its_label_is_known(tmp_path, make_project, flights):
    dataset = Dataset(tmp_path, make_project().data)
    rows = flights(10)
    dataset.append({"source": rows})
    # flight 4 lands at 06:00; 5 of 10 flights have landed then
    assert visible(dataset.read(), rows["landed"][4]).collect().height == 5


def test_a_column_that_is_new_in_the_schema_is_null_in_older_rows(tmp_path):
    dataset = Dataset(tmp_path, PLAIN)
    dataset.append({"source": pl.DataFrame({"x": [1.0], "y": [0]})})
    dataset.append({"source": pl.DataFrame({"x": [2.0], "y": [1], "z": ["new"]})})
    assert dataset.read().sort("_time").collect()["z"].to_list() == [None, "new"]


def test_feedback_that_equals_a_row_of_the_sources_is_still_new(tmp_path):
    dataset = Dataset(tmp_path, PLAIN)
    rows = pl.DataFrame({"x": [1.0], "y": [0]})
    feedback = rows.with_columns(_id=pl.lit("p1"))
    assert dataset.append({"source": rows, "feedback": feedback}) == 1
    assert dataset.append({"source": rows, "feedback": feedback}) == 1
    assert dataset.read().collect()["_origin"].sort().to_list() == ["feedback", "source"]


batches = st.lists(
    st.lists(st.sampled_from([(1.0, 0), (1.0, 1), (None, 0)]), min_size=1, max_size=6), max_size=4
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=batches)
def test_without_an_entity_a_row_stands_as_often_as_in_its_richest_batch(batches, tmp_path_factory):
    dataset = Dataset(tmp_path_factory.mktemp("lake"), PLAIN)
    most: Counter[tuple[float | None, int]] = Counter()
    for batch in batches:
        rows = pl.DataFrame(batch, schema={"x": pl.Float64, "y": pl.Int64}, orient="row")
        dataset.append({"source": rows})
        most |= Counter(batch)
    stored = dataset.read().collect()
    assert Counter(stored.select("x", "y").rows() if stored.width else []) == most
    if stored.width:
        assert sorted(stored["_time"].to_list()) == list(range(stored.height))


def test_a_removed_row_is_in_no_version_and_never_comes_again(tmp_path, make_project, flights):
    dataset = Dataset(tmp_path, make_project().data)
    dataset.append({"source": flights(10)})
    dataset.append({"source": flights(15)})
    removed = dataset.remove("flight", "f3")
    assert (removed.version, removed.rows["flight"].to_list()) == (3, ["f3"])
    assert [dataset.read(version).collect().height for version in dataset.versions()] == [9, 14, 14]
    assert dataset.append({"source": flights(15)}) == 3
    assert Dataset(tmp_path, make_project().data).append({"feedback": flights(16)}) == 4
    assert dataset.remove("flight", "f3").rows.is_empty()


def test_without_an_entity_a_row_of_the_sources_is_told_by_its_values(tmp_path):
    dataset = Dataset(tmp_path, PLAIN)
    rows = pl.DataFrame({"x": [1.5, 2.5, 2.5, None], "y": [0, 1, 1, 0]})
    assert dataset.append({"source": rows}) == 1
    assert dataset.remove("x", 2.5).rows.height == 2
    assert dataset.append({"source": pl.concat([rows, rows.head(1)])}) == 3
    left = dataset.read().sort("_time").collect()
    assert left["x"].to_list() == [1.5, None, 1.5]
    assert left["_time"].to_list() == [0, 3, 4]


def test_a_removed_row_of_feedback_is_told_by_its_prediction(tmp_path):
    dataset = Dataset(tmp_path, PLAIN)
    rows = pl.DataFrame({"x": [1.5, 2.5], "y": [0, 1], "_id": ["it's", "b"]})
    dataset.append({"feedback": rows})
    assert dataset.remove("_id", "it's").rows["x"].to_list() == [1.5]
    assert dataset.append({"feedback": rows}) == 2


def test_a_purge_leaves_nothing_of_a_removed_row_on_the_disk(tmp_path, make_project, flights):
    dataset = Dataset(tmp_path, make_project().data)
    dataset.append({"source": flights(10)})
    dataset.remove("flight", "f3")
    found = [pl.read_parquet(file)["flight"].to_list() for file in (tmp_path / "dataset").glob("*.parquet")]
    assert any("f3" in flights for flights in found)
    assert dataset.purge() == 1
    found = [pl.read_parquet(file)["flight"].to_list() for file in (tmp_path / "dataset").glob("*.parquet")]
    assert found
    assert not any("f3" in flights for flights in found)
    assert dataset.read().collect().height == 9
