from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from noria.core.gates import Outcome
from noria.delta import Table
from noria.gates.finding import Finding
from noria.gates.serving import serving
from noria.gates.subject import Subject


def base(frame: Any) -> Any:
    return np.clip(frame["age"].fillna(50).to_numpy() / 100, 0, 1)


def raises(frame: Any) -> Any:
    assert (frame["city"] != "Chur").all(), "never heard of Chur"
    return base(frame)


def asked(subject: Subject, **budgets: Any) -> Finding:
    return serving(subject, **{"p99": 0.05, "load": 30.0, "memory": None, **budgets})


def recorded(subject: Subject, home: Path, **changes: pl.Expr) -> Subject:
    """Return the subject in a project where 300 requests were answered, 152 of them in the newest week."""
    rows = subject.holdout.tail(300).select(*subject.features, at="_time").with_row_index("id")
    day = pl.col("at").dt.date().alias("_day")
    rows = rows.with_columns(pl.col("id").cast(pl.String), day, model=pl.lit("delay")).with_columns(**changes)
    table = Table(home / ".noria" / "lake" / "predictions", by_day=True)
    table.append(pl.concat([rows.with_columns(role=pl.lit(role)) for role in ("champion", "shadow")]), {})
    return replace(subject, project=replace(subject.project, root=home))


def test_the_holdout_is_asked_where_nobody_asked_yet(honest: Subject) -> None:
    found = asked(honest)
    assert (found.outcome, found.numbers["asked"]) == (Outcome.PASSED, 1000)
    assert "1000 rows of the holdout answered" in found.reason
    assert 2**24 < found.numbers["memory"] < 2**29


def test_requests_are_asked_that_a_champion_answered(honest: Subject, tmp_path: Path) -> None:
    found = asked(recorded(honest, tmp_path, age=pl.lit(None, pl.Int64), income=pl.lit(1)))
    assert found.outcome is Outcome.FAILED
    assert found.reason == "none of the 152 newest requests has 'age', which it learnt from"
    assert found.rows[0].keys() == {"id", "age", "income", "city"}


def test_what_was_missing_for_as_long_before_may_be_missing(
    honest: Subject, changed: Callable[..., Subject], tmp_path: Path
) -> None:
    calm = pl.when(pl.int_range(pl.len()) >= 400).then("age")
    subject = changed(train=honest.train.with_columns(age=calm))
    found = asked(recorded(subject, tmp_path, age=pl.lit(None, pl.Float64)))
    assert found.outcome is Outcome.PASSED


def test_old_requests_do_not_count(honest: Subject, tmp_path: Path) -> None:
    subject = recorded(honest, tmp_path, age=pl.lit(None, pl.Float64), city=pl.lit("Bern"))
    assert "152 recorded requests" in asked(recorded(honest, tmp_path / "other")).reason
    later = subject.holdout["_time"].max() + timedelta(days=20)
    fresh = recorded(subject, tmp_path, at=pl.lit(later), _day=pl.lit(later.date()))
    assert asked(fresh).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("budget", "named"),
    [
        ({"p99": 1e-6}, "ms, and 0.001 ms are allowed"),
        ({"memory": 2**20}, "MB, and 1 MB are allowed"),
        ({"load": 1e-6}, "s, and 1e-06 s are allowed"),
    ],
)
def test_a_budget_that_is_exceeded_is_named(honest: Subject, budget: dict[str, float], named: str) -> None:
    found = asked(honest, **budget)
    assert found.outcome is Outcome.FAILED
    assert found.reason.endswith(named)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_a_request_that_is_not_answered_is_a_failure(
    answering: Callable[[Any], Path], changed: Callable[..., Subject]
) -> None:
    shipped = answering(lambda frame: raises(frame) if len(frame) == 1 else base(frame))
    found = asked(changed(shipped=shipped, holdout=rows_of_chur(changed())), p99=9.0)
    assert found.outcome is Outcome.FAILED
    assert "row 0 is not answered: AssertionError: never heard of Chur" in found.reason


def rows_of_chur(subject: Subject) -> pl.DataFrame:
    return subject.holdout.head(20).with_columns(city=pl.lit("Chur"))
