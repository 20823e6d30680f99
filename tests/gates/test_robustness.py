from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from noria.core.gates import Outcome
from noria.gates.finding import Finding
from noria.gates.robustness import robustness
from noria.gates.subject import Subject
from noria.project.table import TableSchema

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


def found(subject: Subject, **options: float) -> Finding:
    return robustness(subject, **{"missing": 0.05, "noise": 0.1, "cost": 0.1, "beyond": 0.05, **options})


def by_heart(rows: pl.DataFrame) -> Callable[[Any], Any]:
    """A model that knows the answers to these rows by heart, and no others."""
    known = dict(rows.select("age", pl.col("late") * 0.8 + 0.1).iter_rows())
    return lambda frame: np.array([known.get(age, 0.5) for age in frame["age"]])


def test_an_honest_model_bears_it(honest: Subject) -> None:
    said = found(replace(honest, champion_artifact=honest.judged))
    assert said.outcome is Outcome.PASSED
    assert -0.02 < said.numbers["cost"] < 0.1
    assert said.numbers["beyond"] == 0, "the champion is the same model"


def test_one_that_noise_takes_apart_is_refused_with_the_rows_that_cost_most(
    answering: Callable[..., Path], changed: Callable[..., Subject], honest: Subject
) -> None:
    said = found(changed(judged=answering(by_heart(honest.holdout))))
    assert said.outcome is Outcome.FAILED
    assert said.reason.endswith("of its loss are what the disturbance costs, 10.0% allowed")
    assert said.numbers["cost"] == pytest.approx(np.log(0.5) / np.log(0.9) - 1)
    assert said.rows[0]["disturbed_loss"] > said.rows[0]["loss"]


def test_one_that_loses_more_than_the_champion_is_refused(
    answering: Callable[..., Path], changed: Callable[..., Subject], honest: Subject
) -> None:
    subject = changed(judged=answering(by_heart(honest.holdout)), champion_artifact=honest.judged)
    said = found(subject, cost=9.0)
    assert said.outcome is Outcome.FAILED
    assert "of the loss more than the champion's" in said.reason


def test_values_go_where_they_may(changed: Callable[..., Subject], honest: Subject) -> None:
    nullable = (replace(honest.schema.columns[0], nullable=True), *honest.schema.columns[1:])
    subject = changed(schema=TableSchema(columns=nullable))
    assert found(honest, missing=1.0, noise=0.0).numbers["cost"] == 0
    assert found(subject, missing=1.0, noise=0.0, cost=0.1).outcome is Outcome.FAILED


def test_two_rows_do_not_decide(
    answering: Callable[..., Path], changed: Callable[..., Subject], honest: Subject
) -> None:
    subject = changed(holdout=honest.holdout.head(2), judged=answering(by_heart(honest.holdout.head(1))))
    assert found(subject).outcome is Outcome.INCONCLUSIVE
