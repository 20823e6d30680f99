"""What learnt badly is refused by a gate that says so; what learnt well passes all of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor

from noria.artifact import package
from noria.core.gates import Gate, Outcome, Verdict, judge
from noria.gates.examine import examine
from noria.gates.judged import judged, opponent
from noria.gates.subject import Subject
from noria.pipeline.measure import Held, baseline, measure
from noria.project.checks import gate
from noria.project.model import Monitor, Project, Task
from tests.gates.conftest import KINDS, fitted, rows

Change = Callable[..., Subject]
ON_DATA = ("identifiers", "overlap", "target-leakage", "time-leakage")
ON_QUALITY = ("fairness", "weak-slices")


def asked(task: str) -> list[Gate]:
    """The gates on data and quality, as they are without a word of the project's."""
    names = (*ON_DATA, *ON_QUALITY, *(() if task == "regression" else ("calibration",)))
    return [*(gate(name, {}, task) for name in names), gate("slices", {"column": "city"}, task)]


def measured(subject: Subject) -> dict[str, Verdict]:
    """What the gates say that judge from what was measured."""
    gates = [gate(name, {}, "binary") for name in ("beats-baseline", "better-than-champion")]
    seen = judged(subject)
    held = Held(task="binary", times=seen.rows["_time"], truth=seen.truth)
    known = baseline(subject.train["late"].to_numpy().astype(float), None)
    rivals = [opponent(subject)] if subject.champion else []
    return {said.gate: said for said in judge(gates, measure(held, seen.output, known, rivals, gates))}


def test_trained_on_shuffled_labels_it_does_not_beat_the_baseline(changed: Change, tmp_path: Path) -> None:
    shuffled = rows(4000, 1).with_columns(pl.col("late").shuffle(1))
    said = measured(changed(judged=fitted(shuffled, tmp_path / "broken")))["beats-baseline"]
    assert said.outcome is Outcome.FAILED
    assert "against the baseline" in said.reason


def test_trained_on_a_tenth_of_the_rows_it_is_worse_than_the_champion(
    changed: Change, honest: Subject, tmp_path: Path
) -> None:
    few = fitted(rows(4000, 1).head(400), tmp_path / "broken")
    said = measured(changed(judged=few, champion_artifact=honest.judged))["better-than-champion"]
    assert said.outcome is Outcome.FAILED
    assert said.reason.startswith("worse: log_loss -0.")


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_an_honest_candidate_passes_whatever_its_task(honest: Subject, tmp_path: Path, task: str) -> None:
    subject = of_task(honest, tmp_path, task)
    verdicts = examine(subject, asked(task))
    assert {said.gate: said.outcome for said in verdicts} == {
        each.check: Outcome.PASSED for each in asked(task)
    }


def of_task(honest: Subject, folder: Path, task: str) -> Subject:
    """The honest candidate, with delays in minutes or in three classes in place of two."""
    random = np.random.default_rng(7)
    minutes = (pl.col("age") - 50) * 2 + pl.Series(random.normal(0, 20, 5000))
    label = {
        "binary": pl.col("late"),
        "multiclass": pl.when(minutes < -20).then(0).when(minutes < 30).then(1).otherwise(2),
        "regression": minutes,
    }[task]
    frame = pl.concat([honest.train, honest.holdout]).with_columns(late=label)
    for name, part in (("train", frame.head(4000)), ("holdout", frame.tail(1000))):
        part.write_parquet(folder / f"{name}.parquet")
    features = frame.select(*KINDS).to_pandas().astype({"city": "category"})
    learner = LGBMRegressor if task == "regression" else LGBMClassifier
    model = learner(n_estimators=30, verbosity=-1, n_jobs=1).fit(
        features[:4000], frame["late"].to_pandas()[:4000]
    )
    package.save(model, folder / "model", task=task, features=KINDS, example=features[:50])
    project: Project = replace(honest.project, task=Task(task), monitor=Monitor(sensitive=("city",)))
    return replace(
        honest,
        project=project,
        folder=folder,
        shipped=folder / "model",
        judged=folder / "model",
        train_file=folder / "train.parquet",
        holdout_file=folder / "holdout.parquet",
    )
