"""Whole replays of small real projects, of each task."""

import numpy as np
import polars as pl
import pytest

from noria.errors import DataError, PipelineError
from tests.replay.tiny import BEGIN, DAY, HOUR, WEEKLY, make, played, result, rows

BLIND = ("never", "every-28d", "every-7d", "ceiling")


def kept(project) -> int:
    return len(list((project.home / "replay" / "models").glob("*.json")))


def test_policies_share_what_they_train(tmp_path):
    """91 days, from the tenth on: 28 and 7 days meet at each fourth run, and all share the first."""
    project = make(tmp_path / "project", rows(400))
    replay = played(project, *BLIND[:3])
    never, monthly, weekly = replay.policies
    assert (never.trainings, monthly.trainings, weekly.trainings) == (1, 4, 13)
    assert never.promotions == 1
    assert (weekly.promotions, weekly.refusals, weekly.failed) == (13, 0, 0)
    assert kept(project) == 13
    assert not any(policy.fault for policy in replay.policies)
    assert [block.rows for block in never.blocks] == [block.rows for block in weekly.blocks]
    assert sum(block.rows for block in never.blocks) == replay.labelled == replay.rows


def test_a_second_replay_trains_nothing_and_comes_to_the_same(tmp_path):
    project = make(tmp_path / "project", rows(400))
    first, before = played(project, *BLIND), kept(project)
    second = played(project, *BLIND)
    assert second.policies == first.policies
    assert kept(project) == before


def test_other_code_is_trained_anew(tmp_path):
    project = make(tmp_path / "project", rows(400))
    played(project, "never")
    assert kept(project) == 1
    code = project.root / "pipeline.py"
    code.write_text(code.read_text() + "\nUNUSED = 1\n")
    played(project, "never")
    assert kept(project) == 2


def test_a_pipeline_that_starts_from_the_champion_trains_for_each(tmp_path):
    """The same rows with another champion are another training; the first has none, and is shared."""
    started = """
from sklearn.linear_model import LogisticRegression

def model(train, champion):
    strength = 1.0 if champion is None else 0.5
    rows = train.select("x", "y").to_pandas()
    return LogisticRegression(C=strength).fit(rows[["x"]], rows["y"])
"""
    plain = make(tmp_path / "plain", rows(400))
    played(plain, "every-7d", "every-14d")
    project = make(tmp_path / "project", rows(400), code=started)
    replay = played(project, "every-7d", "every-14d")
    assert kept(project) == sum(policy.trainings for policy in replay.policies) - 1
    assert kept(plain) < kept(project)


def test_a_pipeline_that_raises_is_the_policys_fault(tmp_path):
    code = "def model(train):\n    raise ValueError('no wind')\n"
    replay = played(make(tmp_path / "project", rows(400), code=code), "never")
    (never,) = replay.policies
    assert never.fault == (
        f"{replay.labelled} of {replay.labelled} labelled rows met no model: the first run failed: "
        "in the step model of the pipeline: ValueError: no wind"
    )
    assert (never.failed, never.trainings, never.metrics) == (1, 0, {})


def test_a_first_model_that_no_gate_lets_pass_is_the_policys_fault(tmp_path):
    policy = WEEKLY + '[[gates]]\ncheck = "enough-rows"\nrows = 500\n'
    replay = played(make(tmp_path / "project", rows(400), policy=policy), "project", "never")
    refused, never = replay.policies
    assert "met no model: the first run was refused: enough-rows inconclusive: 28 rows" in refused.fault
    assert refused.refusals > 1
    assert replay.comparable == (never,)


def test_a_pipeline_without_a_model_is_told_before_anything_is_played(tmp_path):
    with pytest.raises(PipelineError, match="model"):
        played(make(tmp_path / "project", rows(400), code="def rows(train): ...\n"), "never")


def test_a_span_outside_of_the_history_is_told(tmp_path):
    with pytest.raises(DataError, match="--from 2012-12-22 00:00 is outside of the history"):
        played(make(tmp_path / "project", rows(400)), "never", begin=BEGIN - 10 * DAY)


def classes(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(y=pl.when(pl.col("y") == 1).then(pl.lit("late")).otherwise(pl.lit("on time")))


def with_a_third(frame: pl.DataFrame) -> pl.DataFrame:
    """From the middle on, a class that was never seen before."""
    third = (pl.col("x") > 1) & (pl.int_range(pl.len()) >= pl.len() // 2)
    return classes(frame).with_columns(y=pl.when(third).then(pl.lit("cancelled")).otherwise("y"))


def numbers(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(y=2 * pl.col("x") + pl.Series(np.random.default_rng(5).normal(size=len(frame))))


def gappy(frame: pl.DataFrame) -> pl.DataFrame:
    """Missing values, a category with one that comes late, and a quarter of the labels never."""
    n = pl.int_range(pl.len())
    kind = pl.when(n > 300).then(pl.lit("new")).otherwise(pl.lit("old"))
    return frame.with_columns(
        x=pl.when(n % 5 > 0).then("x"),
        kind=pl.when(n % 7 > 0).then(kind),
        y=pl.when(n % 4 > 0).then("y"),
    )


FORGIVING = """
from lightgbm import LGBMClassifier

def model(train):
    rows = train.select("x", "kind", "y").to_pandas().astype({"kind": "category"})
    return LGBMClassifier(n_estimators=5, verbosity=-1).fit(rows[["x", "kind"]], rows["y"])
"""
MONTHLY = WEEKLY.replace('floor = "7d", ceiling = "7d"', 'floor = "28d", ceiling = "28d"')
ORDER = WEEKLY.replace('holdout = "7d"', 'holdout = "20%"').replace('"7d"', '"56d"')
TASKS = {
    "text classes": ("binary", classes, {}, "auc"),
    "a class that comes later": ("multiclass", with_a_third, {}, "accuracy"),
    "regression": ("regression", numbers, {}, "mae"),
    "missing values and labels": ("binary", gappy, {"code": FORGIVING}, "auc"),
    "dates": ("binary", lambda frame: frame.with_columns(pl.col("at").dt.date()), {}, "auc"),
    "an order": ("binary", lambda frame: frame.drop("at"), {"data": "", "policy": ORDER}, "auc"),
}


@pytest.mark.parametrize("name", TASKS)
def test_any_task_is_replayed(tmp_path, name):
    task, changed, more, metric = TASKS[name]
    frame = changed(rows(400))
    project = make(tmp_path / "project", frame, task=task, **{"policy": MONTHLY, **more})
    replay = played(project, "project", "ceiling")
    assert [policy.fault for policy in replay.policies] == ["", ""]
    assert replay.spread == ("at" not in frame.columns)
    looped, ceiling = result(replay, "project"), result(replay, "ceiling")
    assert looped.promotions > 1
    for policy in replay.policies:
        assert np.isfinite(policy.metrics[metric])
        assert sum(block.rows for block in policy.blocks) == replay.labelled
    assert ceiling.metrics[replay.metric] < 1.2 * looped.metrics[replay.metric]


def test_a_class_that_nobody_knows_fails_the_run_as_it_would_live(tmp_path):
    project = make(tmp_path / "project", with_a_third(rows(400)), task="multiclass")
    policy = result(played(project, "project"), "project")
    (failed,) = [entry["body"]["error"] for entry in policy.decisions if entry["kind"] == "failed"]
    assert failed.startswith("the holdout has the class 'cancelled', and the model knows only")
    assert not policy.fault


def test_ten_thousand_rows(tmp_path):
    frame = rows(10_000).with_columns(at=pl.Series([BEGIN + HOUR * number / 2 for number in range(10_000)]))
    replay = played(make(tmp_path / "project", frame), "never", "every-28d", "every-7d", "project", "ceiling")
    assert not any(policy.fault for policy in replay.policies)
    assert replay.wall_s < 60
