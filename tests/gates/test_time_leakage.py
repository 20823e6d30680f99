from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from noria.core.gates import Outcome
from noria.gates.finding import Finding
from noria.gates.subject import Subject
from noria.gates.time_leakage import time_leakage
from tests.gates.conftest import rows

Change = Callable[..., Subject]
AT = pl.col("_time")


def with_feature(changed: Change, honest: Subject, more: pl.Expr) -> Finding:
    """A candidate with one feature more."""
    data = replace(honest.project.data, features=(*honest.project.data.features, "more"))
    train, holdout = (frame.with_columns(more=more) for frame in (honest.train, honest.holdout))
    project = replace(honest.project, data=data)
    return time_leakage(changed(project=project, train=train, holdout=holdout), correlation=0.99)


def test_an_honest_candidate_passes(honest: Subject) -> None:
    assert time_leakage(honest, correlation=0.99).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("more", "word"), [(AT.dt.epoch("s"), "rises"), (-AT.dt.epoch("d").cast(pl.Float64), "falls")]
)
def test_the_time_as_a_number_is_named(changed: Change, honest: Subject, more: pl.Expr, word: str) -> None:
    found = with_feature(changed, honest, more)
    assert found.outcome is Outcome.FAILED
    assert found.reason.startswith(f"more {word} with the time (rank correlation ")
    assert found.numbers["outside"] > 0.98


@pytest.mark.parametrize("more", [AT.dt.hour(), AT.dt.weekday(), AT.dt.year(), pl.lit(None, pl.Float64)])
def test_what_comes_again_passes(changed: Change, honest: Subject, more: pl.Expr) -> None:
    assert with_feature(changed, honest, more).outcome is Outcome.PASSED


def test_few_rows_say_nothing(changed: Change) -> None:
    assert "too few to say" in time_leakage(changed(train=rows(50, 1)), correlation=0.99).reason
