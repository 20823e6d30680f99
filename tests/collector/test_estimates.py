"""Estimates and the word on the concept, from the log to the state, as days pass."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from noria.collector.collect import Collector
from noria.core.profile.grid import Grid, number_bins
from noria.core.traffic import Arm, Plan
from noria.monitor import reference
from noria.monitor.profiling import OUTPUT
from noria.rows import Entry, VersionRow
from noria.testing import FixedClock, MemoryState

ROWS = 100


@pytest.fixture
def state(tmp_path, start):
    """Version 7 is the champion, and there is a reference of what it learnt from."""
    state, chance = MemoryState(), np.random.default_rng(1)
    rows = pl.DataFrame({"wind": chance.uniform(size=500), OUTPUT: chance.uniform(size=500)})
    grid = Grid(columns={name: number_bins(rows[name].to_numpy()) for name in rows.columns})
    (tmp_path / "7" / "lineage").mkdir(parents=True)
    learnt = reference.counted(rows.with_columns(_time=pl.lit(start)), grid)
    reference.save(learnt, tmp_path / "7" / "lineage")
    artifact = str(tmp_path / "7" / "model")
    state.save_version(
        VersionRow(model="flights", version=7, run="r", artifact=artifact, digest="d", registered=start)
    )
    before = state.model("flights")
    plan = Plan(model="flights", number=1, salt="s", arms=(Arm(version=7, share=100),))
    cause = Entry(at=start, actor="noria", kind="promoted", body={"reason": "first"})
    state.change(before, type(before)(name="flights", champion=7, plan=plan), [cause])
    return state


def test_each_day_is_estimated_from_those_that_are_mature_and_judged_with_them(
    project, schema, state, start, write, prediction, label
):
    clock, chance = FixedClock(start), np.random.default_rng(2)
    collector = Collector(project, schema, state, clock)
    for day in range(12):
        ids, outputs = [f"{day}-{row}" for row in range(ROWS)], chance.uniform(size=ROWS)
        came = (chance.uniform(size=ROWS) < outputs).astype(int).tolist()
        sent = {"carrier": ["AA"] * ROWS, "wind": chance.uniform(size=ROWS).tolist()}
        asked = prediction(ids, hour=24 * day, outputs=outputs.tolist(), columns=sent)
        write(asked, label(ids, came, hour=24 * day + 6))
        clock.advance(timedelta(days=1))
        collector.turn(last=True)
    collector.close()
    said = state.signals("flights")
    days = {name: [row.day for row in said if row.monitor == name] for name in ("estimates", "concept")}
    # a label is due after a day: at the end of the 8th day 7 are mature
    assert min(days["estimates"]) == "2013-01-08"
    assert min(days["concept"]) == "2013-01-10"  # its first day has nothing before it, and 7 are ranked among
    assert max(days["estimates"]) == max(days["concept"]) == "2013-01-12"
    assert {row.subject for row in said if row.monitor == "estimates"} == {
        f"{way} of {metric}" for way in ("CBPE", "PAPE") for metric in ("log_loss", "auc")
    }
    last = [row for row in said if row.subject == "CBPE of log_loss"][-1]
    # of scores that come true as often as they say, evenly from 0 to 1, the loss is 1/2
    assert last.value == pytest.approx(0.5, abs=0.05)
    assert last.reason == "CBPE of log_loss was held against the truth on 4 of 14 days"
    assert "noria.monitor" not in str(state.beats()["collector"]["unmonitored"])  # no monitor failed
