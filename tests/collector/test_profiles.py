from datetime import timedelta

import polars as pl
import pytest

from noria.collector.collect import Collector
from noria.monitor import reference
from noria.monitor.profiling import ALL
from noria.rows import VersionRow
from noria.testing import FixedClock, MemoryState


@pytest.fixture
def state(start, tmp_path):
    """Version 7 is registered, and lies where its reference may lie beside it."""
    state = MemoryState()
    artifact = str(tmp_path / "seven" / "model")
    state.save_version(
        VersionRow(model="flights", version=7, run="r", artifact=artifact, digest="", registered=start)
    )
    return state


@pytest.fixture
def learnt(tmp_path):
    """The version learnt from two flights on each of twenty days."""
    rows = pl.DataFrame(
        {"_time": [day // 2 for day in range(40)], "carrier": ["AA", "UA"] * 20, "wind": [1.0, 2.0] * 20}
    )
    grid = reference.grid_of(rows, {"carrier": "category", "wind": "number"})
    folder = tmp_path / "seven" / "lineage"
    folder.mkdir(parents=True)
    reference.save(reference.counted(rows, grid), folder)


def collected(project, schema, state, start):
    Collector(project, schema, state, FixedClock(start + timedelta(hours=1))).turn(last=True)
    return state.profiles("flights", 7, "2013-01-01", "2013-01-02")


@pytest.mark.usefixtures("learnt")
def test_a_slice_is_counted_once(project, schema, state, start, write, prediction):
    write(prediction(["a", "b"]), prediction(["c"], columns={"carrier": ["XX"], "wind": [None]}))
    for _ in range(2):  # the second collector finds nothing new
        (profile,) = collected(project, schema, state, start).values()
        assert profile.tallies.tolist() == [[3, 0, 0, 1], [3, 1, 0, 0]]
        assert profile.sketches.frequent("carrier", 8) == {"XX": 1}
        assert state.profiles("flights", ALL, "2013-01-01", "2013-01-02")["2013-01-01T00"].rows == 3


@pytest.mark.usefixtures("learnt")
def test_values_of_another_schema_stop_nothing(project, schema, state, start, write, prediction):
    """What has not the type of the schema is missing in the tables, and so in the profile."""
    write(prediction(["a", "b"], columns={"carrier": [1.5, 2.5], "wind": ["strong", "weak"]}))
    (profile,) = collected(project, schema, state, start).values()
    assert profile.tallies[1].tolist() == [2, 2, 0, 0]
    assert profile.sketches.frequent("carrier", 8) == {"1.5": 1, "2.5": 1}


def test_a_version_without_a_reference_is_told_in_the_beat(project, schema, state, start, write, prediction):
    write(prediction(["a"]))
    assert collected(project, schema, state, start) == {}
    assert "No such file" in str(state.beats()["collector"]["unmonitored"])
    assert state.window("flights", 3)[7].requests == 1
