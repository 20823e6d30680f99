from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from noria.core.gates import Outcome
from noria.errors import DataError
from noria.gates.slices import slices
from noria.gates.subject import Subject
from tests.gates.conftest import fitted, rows

Change = Callable[..., Subject]
OPTIONS = {"column": "city", "metric": "log_loss", "limit": None, "worse": 0.5, "rows": 100}


@pytest.fixture
def broken(changed: Change, tmp_path: Path) -> Subject:
    """A candidate that learnt from labels of Chur that were shuffled."""
    train = rows(4000, 1)
    late = pl.when(pl.col("city") == "Chur").then(pl.col("late").shuffle(1)).otherwise("late")
    return changed(judged=fitted(train.with_columns(late), tmp_path / "broken"))


def test_an_honest_candidate_passes_with_its_worst_slice(honest: Subject) -> None:
    found = slices(honest, **OPTIONS)
    assert found.outcome is Outcome.PASSED
    assert found.reason.startswith("worst is city = Basel: log_loss 0.44")
    assert {row["slice"] for row in found.rows} == {"city = Bern", "city = Basel", "city = Chur"}


@pytest.mark.parametrize(("metric", "limit"), [("log_loss", 0.5), ("auc", 0.75), ("accuracy", 0.7)])
def test_the_slice_that_is_beyond_its_limit_is_named(broken: Subject, metric: str, limit: float) -> None:
    found = slices(broken, **OPTIONS | {"metric": metric, "limit": limit, "worse": 1.0})
    assert found.outcome is Outcome.FAILED
    assert found.reason.startswith(f"city = Chur: {metric} ")
    assert "349 rows" in found.reason
    assert len(found.rows) == 1


def test_a_slice_much_worse_than_the_whole_is_named(broken: Subject) -> None:
    assert slices(broken, **OPTIONS | {"worse": 0.1}).reason.startswith("city = Chur")


def test_numbers_are_cut_into_ranges(honest: Subject) -> None:
    found = slices(honest, **OPTIONS | {"column": "age", "limit": 0.4})
    assert found.outcome is Outcome.FAILED
    assert found.reason.startswith("age 43.19 to 55.53: log_loss 0.66")


def test_too_few_rows_are_inconclusive(honest: Subject) -> None:
    found = slices(honest, **OPTIONS | {"rows": 500})
    assert (found.outcome, found.reason) == (
        Outcome.INCONCLUSIVE,
        "no value of city has 500 rows in the holdout",
    )


def test_a_metric_that_is_undefined_is_inconclusive(changed: Change) -> None:
    late = rows(1000, 2).with_columns(late=1)
    found = slices(changed(holdout=late), **OPTIONS | {"metric": "auc"})
    assert (found.outcome, found.reason) == (
        Outcome.INCONCLUSIVE,
        "auc is undefined on every value of city",
    )


def test_an_unknown_column_is_an_error_that_names_the_nearest(honest: Subject) -> None:
    with pytest.raises(DataError, match="no such column: town; known: age, income, city, late"):
        slices(honest, **OPTIONS | {"column": "town"})
