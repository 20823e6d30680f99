from dataclasses import replace

import numpy as np
import polars as pl

from noria.project.model import Project
from noria.project.table import read_schema
from noria.replay.history import read_history
from noria.replay.policies import policies
from noria.replay.stage import Progress, Stage, set_up
from noria.replay.workers import Workers
from tests.replay.tiny import BEGIN, DAY, NOW, make, pipeline, rows

FROM, TO = BEGIN + 21 * DAY, BEGIN + 42 * DAY


def stage_of(project: Project, workers: Workers) -> Stage:
    schema = read_schema(project.root)
    return set_up(project, schema, read_history(project, schema, NOW), workers, FROM, TO)


def test_labels_are_numbered_in_the_order_of_their_classes(tmp_path, workers):
    frame = rows(200).with_columns(y=pl.Series(["b", "c", None, "a"] * 50))
    labelled = stage_of(make(tmp_path / "tiny", frame, task="multiclass"), workers).labelled
    assert labelled.classes == ("a", "b", "c")
    assert np.array_equal(labelled.truth[:4], [1, 2, np.nan, 0], equal_nan=True)


def test_a_regressions_labels_stay_as_they_are(tmp_path, workers):
    frame = rows(200).with_columns(y=pl.col("x").round(3))
    labelled = stage_of(make(tmp_path / "tiny", frame, task="regression"), workers).labelled
    assert labelled.classes == ()
    assert labelled.truth.tolist() == frame["y"].to_list()


def test_the_pipeline_is_that_of_the_working_tree(tmp_path, workers):
    project = make(tmp_path / "tiny", rows(200))
    assert not stage_of(project, workers).from_champion
    code = pipeline().replace("model(train, params)", "model(train, params, champion)")
    (project.root / "pipeline.py").write_text(code)  # not committed yet
    assert stage_of(project, workers).from_champion


def test_progress_is_told_up_to_the_end(tmp_path, workers):
    project = make(tmp_path / "tiny", rows(200))
    told: list[Progress] = []
    (never,) = policies(project, ["never"])
    stage_of(project, workers).play(never, told.append)
    assert {reached.policy for reached in told} == {"never"}
    shares = [reached.share for reached in told]
    assert shares == sorted(shares)
    assert (shares[-1], told[-1].now) == (1, TO)


def test_a_policy_that_asks_for_what_the_code_has_not_is_told(tmp_path, workers):
    project = make(tmp_path / "tiny", rows(200))
    (never,) = policies(project, ["never"])
    there_is_none = replace(never, project=replace(never.project, pipeline="other.py"))
    played = stage_of(project, workers).play(there_is_none, lambda reached: None)
    assert "the first run failed: other.py: there is no such file" in played.fault
