import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import lightgbm
import numpy as np
import polars as pl
import pytest

from noria.artifact import background, lineage, package
from noria.collector.audit import Audit
from noria.core.traffic import Arm, Plan
from noria.delta import Table
from noria.project.model import Project
from noria.project.parse import load
from noria.rows import Entry, SignalRow, VersionRow
from noria.testing import MemoryState

FEATURES = {"wind": "number", "carrier": "category"}
PROJECT = """
[model]
name = "flights"
task = "binary"
[data]
source = "data/*.csv"
label = "late"
time = "departure"
entity = "flight"
features = ["wind", "carrier"]
"""
SCHEMA = """
[columns]
flight = { kind = "text" }
departure = { kind = "timestamp" }
wind = { kind = "number" }
carrier = { kind = "category", categories = ["AA", "UA"] }
late = { kind = "integer" }
"""


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A model of flights, and its digest."""
    rows = asked(np.random.default_rng(1), 200).to_pandas().astype({"carrier": "category"})
    model = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1)
    model.fit(rows[list(FEATURES)], rows["wind"] > 0)
    path = tmp_path_factory.mktemp("model") / "model"
    example = rows[list(FEATURES)].head()
    return path, package.save(model, path, task="binary", features=FEATURES, example=example)


def asked(dice: np.random.Generator, rows: int) -> pl.DataFrame:
    return pl.DataFrame({"wind": dice.normal(size=rows), "carrier": dice.choice(["AA", "UA"], rows)})


@pytest.fixture
def served(artifact: tuple[Path, str], tmp_path: Path, start) -> tuple[Project, MemoryState]:
    """A project that version 1 serves, with a day of predictions, some labels, and rows to learn from."""
    from noria.artifact import predictor

    (tmp_path / "noria.toml").write_text(PROJECT)
    (tmp_path / "schema.toml").write_text(SCHEMA)
    project, state = load(tmp_path), MemoryState()
    path, digest = artifact
    state.save_version(
        VersionRow(model="flights", version=1, run="r", artifact=str(path), digest=digest, registered=start)
    )
    row = state.model("flights")
    plan = Plan(model="flights", number=1, salt="s", arms=(Arm(version=1, share=100),))
    entry = Entry(at=start, actor="ann", kind="promoted", body={})
    state.change(row, replace(row, champion=1, plan=plan), [entry])
    rows = asked(np.random.default_rng(2), 300)
    outputs = predictor.load(path).predict({name: rows[name].to_list() for name in FEATURES})
    at = pl.lit(start + timedelta(hours=3)).cast(pl.Datetime("us", "UTC"))
    number = pl.int_range(300)
    known = rows.with_columns(departure=at + pl.duration(minutes=number), flight=pl.format("f{}", number))
    predictions = known.select(
        pl.format("p{}", number).alias("id"),
        *("departure", "wind", "carrier", pl.col("flight").alias("entity"), at.alias("at")),
        *(pl.lit(None, pl.String).alias("client"), pl.lit("champion").alias("role")),
        *(pl.lit(1).alias("version"), pl.lit(1).alias("plan"), pl.lit(0.01).alias("latency")),
        output=pl.Series(outputs),
    )
    lake = project.home / "lake"
    Table(lake / "predictions", by_day=True).append(predictions.with_columns(_day=date(2013, 1, 1)), {})
    labels = pl.DataFrame({"id": [*(f"p{n}" for n in range(95)), *"abcde"]}).with_columns(at=at, label=1.0)
    Table(lake / "labels", by_day=True).append(labels.with_columns(_day=date(2013, 1, 1)), {})
    learnt = known.with_columns(_origin=pl.lit("source"), wind=pl.col("wind").shift(1, fill_value=9.0))
    Table(lake / "dataset").append(learnt, {})
    return project, state


def wait(audit: Audit, now) -> list[SignalRow]:
    """Turn until something was said, or a fault was found."""
    for _ in range(600):
        if said := audit.turn(now):
            return said
        if audit.fault:
            return []
        time.sleep(0.1)
    raise AssertionError("a look does not end")


def test_a_day_that_is_over_is_looked_at_once(served, start) -> None:
    project, state = served
    audit = Audit(project, state, start)
    now = start + timedelta(days=1)
    began = time.monotonic()
    assert audit.turn(now) == []
    assert time.monotonic() - began < 1  # nobody waits for it
    said = {(row.monitor, row.subject): row for row in wait(audit, now)}
    # the model answers what it did; the sources have the wind of the row before; 5 of 100 ids are nobody's
    assert said["skew", "@output"].level == "ok"
    assert said["skew", "wind"].level == "alert"
    assert said["skew", "wind"].numbers == {"rows": 300, "differ": 300, "late": 0}
    assert ("skew", "carrier") not in said
    assert said["feedback", ""].numbers == {"ids": 100, "unknown": 5}
    assert said["feedback", ""].level == "notice"
    assert state.signals("flights") == sorted(said.values(), key=lambda row: (row.monitor, row.subject))
    assert audit.turn(now) == []
    assert audit._child is None
    again = Audit(project, state, now)
    again.turn(now)
    assert again._child is None  # a restart does not look again
    audit.close()


def test_what_moves_the_answers_of_a_day_is_held_against_the_days_that_were_learnt(served, start) -> None:
    project, state = served
    row = state.version("flights", 1)
    folder = Path(row.artifact).parent / lineage.FOLDER
    folder.mkdir(exist_ok=True)
    dice = np.random.default_rng(3)
    times = pl.datetime_range(start - timedelta(days=20), start, "10m", closed="left", eager=True)
    learnt = asked(dice, len(times)).with_columns(times.dt.cast_time_unit("us").alias("_time"))
    known = background.save(learnt, list(FEATURES), folder)
    state.save_version(replace(row, facts={"background": background.digest(known)}))
    audit = Audit(project, state, start)
    now = start + timedelta(days=1)
    audit.turn(now)
    said = [row for row in wait(audit, now) if row.monitor == "attribution"]
    assert [(row.subject, row.level) for row in said] == [("", "ok")], audit.fault
    assert "as usual" in said[0].reason


def test_a_model_that_answers_otherwise_is_said(served, start) -> None:
    project, state = served
    table = Table(project.home / "lake" / "predictions", by_day=True)
    other = table.scan().collect().with_columns(id=pl.format("x{}", "id"), output=pl.lit(0.123))
    table.append(other, {})
    audit = Audit(project, state, start)
    said = {row.subject: row for row in wait(audit, start + timedelta(days=1)) if row.monitor == "skew"}
    assert said["@output"].level == "alert"
    assert "[0.123] was sent" in said["@output"].reason


def test_what_cannot_be_looked_at_is_told_and_stops_nothing(served, start) -> None:
    project, state = served
    version = state.version("flights", 1)
    state.save_version(replace(version, digest="0" * 64))
    audit = Audit(project, state, start)
    assert wait(audit, start + timedelta(days=1)) == []
    assert "manifest" in audit.fault


def test_a_look_under_way_ends_with_the_collector(served, start) -> None:
    project, state = served
    audit = Audit(project, state, start)
    audit.turn(start + timedelta(days=1))
    child = audit._child
    audit.close()
    assert child.returncode is not None


def test_nobody_serves_and_nothing_is_looked_at(project: Project, start) -> None:
    audit = Audit(project, MemoryState(), start)
    assert audit.turn(start + timedelta(days=1)) == []
    assert audit._child is None
