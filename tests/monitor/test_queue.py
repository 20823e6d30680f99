from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from noria.core.profile.grid import Grid, category_bins, number_bins
from noria.core.profile.reference import Reference
from noria.delta import Table
from noria.monitor import reference
from noria.monitor.profiling import profile
from noria.monitor.queue import queue
from noria.project.model import Data, Project, Task
from noria.rows import ModelRow, SignalRow, VersionRow
from noria.testing import MemoryState

NOW = datetime(2013, 1, 10, tzinfo=UTC)
LEARNT = pl.DataFrame({"wind": np.linspace(0, 9, 1000), "carrier": ["AA"] * 600 + ["UA"] * 395 + ["ZZ"] * 5})
"""What version 1 learnt from: winds from 0 to 9, and hardly a ZZ."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    data = Data(source=("*.csv",), label="late", features=("wind", "carrier"))
    return Project(root=tmp_path, name="flights", task=Task.BINARY, data=data, gates=())


@pytest.fixture
def state(tmp_path: Path) -> MemoryState:
    """Version 1 is the champion, and its traffic is as it learnt, but for a carrier that has come up."""
    carriers = category_bins({"AA": 600, "UA": 395, "ZZ": 5})
    grid = Grid(columns={"wind": number_bins(LEARNT["wind"].to_numpy()), "carrier": carriers})
    (tmp_path / "artifact" / "lineage").mkdir(parents=True)
    reference.save(
        Reference(grid=grid, blocks={"0": profile(LEARNT, grid)}), tmp_path / "artifact" / "lineage"
    )
    state = MemoryState()
    path = str(tmp_path / "artifact" / "model")
    state.save_version(
        VersionRow(model="flights", version=1, run="r", artifact=path, digest="", registered=NOW)
    )
    state.change(state.model("flights"), ModelRow(name="flights", champion=1), [])
    seen = LEARNT.with_columns(carrier=pl.Series(["UA"] * 600 + ["AA"] * 400))
    state.add_traffic("flights", ("s", 1), {}, {(1, "2013-01-09T10"): profile(seen, grid)})
    return state


def drifting(level: str) -> SignalRow:
    return SignalRow(
        model="flights", day="2013-01-09", version=1, monitor="drift", subject="carrier",
        level=level, value=1, limit=0, reason="",
    )  # fmt: skip


def answered(project: Project, rows: list[tuple], labelled: str = "") -> None:
    """Predictions of (id, output, wind, carrier), and labels for some ids."""
    lake = project.home / "lake"
    at = pl.lit(NOW - timedelta(days=1)).cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame(rows, ["id", "output", "wind", "carrier"], orient="row")
    frame = frame.with_columns(at=at, role=pl.lit("champion"), version=1, _day=date(2013, 1, 9))
    Table(lake / "predictions", by_day=True).append(frame, {})
    labels = pl.DataFrame({"id": list(labelled)}, schema={"id": pl.String}).with_columns(
        _day=date(2013, 1, 9)
    )
    Table(lake / "labels", by_day=True).append(labels, {})


def why(project: Project, state: MemoryState, limit: int = 9) -> dict[str, str]:
    return dict(queue(project, state, NOW, limit).select("id", "why").iter_rows())


def test_the_uncertain_come_first(project: Project, state: MemoryState) -> None:
    answered(project, [("a", 0.9, 1.0, "AA"), ("b", 0.45, 1.0, "AA"), ("c", 0.1, 1.0, "AA")], labelled="")
    assert list(why(project, state)) == ["b", "c", "a"] or list(why(project, state)) == ["b", "a", "c"]
    assert why(project, state, limit=1) == {"b": "uncertain: 0.9"}


def test_who_has_a_label_is_not_asked_for_again(project: Project, state: MemoryState) -> None:
    answered(project, [("a", 0.5, 1.0, "AA"), ("b", 0.5, 1.0, "AA"), ("b", 0.5, 1.0, "AA")], labelled="a")
    assert list(why(project, state)) == ["b"]


def test_rare_values_are_named(project: Project, state: MemoryState) -> None:
    answered(
        project,
        [("a", 0.99, 9.5, "AA"), ("b", 0.99, 1.0, "ZZ"), ("c", 0.99, 1.0, "new"), ("d", 0.99, None, None)],
    )
    assert why(project, state) == {"a": "rare: wind", "b": "rare: carrier", "c": "rare: carrier", "d": ""}


def test_values_that_have_become_frequent_are_named_while_their_column_drifts(
    project: Project, state: MemoryState
) -> None:
    answered(project, [("a", 0.99, 1.0, "AA"), ("u", 0.99, 1.0, "UA")])
    state.save_signals([drifting("ok")])
    assert why(project, state)["u"] == ""
    state.save_signals([drifting("notice")])
    assert why(project, state) == {"u": "drifted: carrier", "a": ""}


def test_classes_are_doubted_by_their_entropy(project: Project) -> None:
    from dataclasses import replace

    project = replace(project, task=Task.MULTICLASS)
    answered(project, [("sure", [1.0, 0.0, 0.0], 1.0, "AA"), ("torn", [1 / 3, 1 / 3, 1 / 3], 1.0, "AA")])
    found = queue(project, MemoryState(), NOW, 9)
    assert dict(found.select("id", "why").iter_rows()) == {"torn": "uncertain: 1.0", "sure": ""}
    assert found["output"].to_list()[1] == "1.0 0.0 0.0"


def test_nothing_was_asked(project: Project) -> None:
    assert queue(project, MemoryState(), NOW, 9).is_empty()
