from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from noria.core.gates import Outcome
from noria.errors import ProjectError
from noria.gates.finding import Finding
from noria.gates.forbidden_features import forbidden_features
from noria.gates.subject import Subject


def found(subject: Subject, *columns: str, **options: Any) -> Finding:
    return forbidden_features(subject, columns=columns, **{"tolerance": 0.0, "proxy": None, **options})


def test_a_column_that_moves_answers_is_named_with_the_rows(honest: Subject) -> None:
    said = found(honest, "city")
    assert said.outcome is Outcome.FAILED
    assert said.reason.startswith("city moves ")
    assert said.rows[0]["city"] != said.rows[0]["city_other"]
    apart = abs(said.rows[0]["answer"] - said.rows[0]["answer_other"])
    assert apart == pytest.approx(said.numbers["most"])
    assert found(honest, "city", tolerance=1.0).outcome is Outcome.PASSED


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_a_feature_that_is_not_used_passes(
    answering: Callable[..., Path], changed: Callable[..., Subject]
) -> None:
    subject = changed(shipped=answering(lambda frame: frame["age"].to_numpy() / 100))
    assert found(subject, "city").outcome is Outcome.PASSED
    assert found(subject, "city", "age").reason.startswith("age moves")


def test_what_the_answers_tell_of_a_column_has_a_limit(
    honest: Subject, changed: Callable[..., Subject]
) -> None:
    old = honest.holdout.with_columns(
        retired=pl.when(pl.col("age") > 65).then(pl.lit("yes")).otherwise(pl.lit("no")),
        shoe=pl.Series(range(1000)),
    )
    subject = changed(holdout=old.with_columns(pl.col("shoe").shuffle(seed=0)))
    said = found(subject, "retired", proxy=0.1)
    assert said.outcome is Outcome.FAILED
    assert 0.3 < said.numbers["told"] < said.numbers["with_features"] <= 1
    blind = found(subject, "shoe", proxy=0.1)
    assert (blind.outcome, blind.numbers["told"]) == (Outcome.PASSED, 0.0)


def test_a_column_that_nobody_knows_is_said(honest: Subject) -> None:
    with pytest.raises(ProjectError, match="the dataset has no 'shoe'; allowed: age, "):
        found(honest, "shoe")
