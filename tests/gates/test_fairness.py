from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from noria.core.gates import Outcome
from noria.gates.fairness import fairness
from noria.gates.subject import Subject
from noria.project.model import Monitor
from tests.gates.conftest import fitted, rows

Change = Callable[..., Subject]
CEILINGS = {"selection_rate": 0.2, "equalised_odds": 0.2, "loss": 0.5}


@pytest.fixture
def watched(changed: Change, honest: Subject) -> Change:
    """Return the honest candidate with other values, of a project that calls the city sensitive."""
    project = replace(honest.project, monitor=Monitor(sensitive=("city",)))
    return lambda **values: changed(project=project, **values)


def test_an_honest_candidate_passes(watched: Change) -> None:
    found = fairness(watched(), **CEILINGS)
    assert found.outcome is Outcome.PASSED
    rates = {row["rate"] for row in found.rows}
    assert rates == {"selection rate", "true positive rate", "false positive rate", "loss"}


def test_a_gap_is_named_with_the_values_between_which_it_is(watched: Change, tmp_path: Path) -> None:
    """It learnt from rows that say of nobody in Chur that they are late."""
    chur = pl.col("city") == "Chur"
    train = rows(4000, 1).with_columns(late=pl.when(chur).then(0).otherwise("late"))
    found = fairness(watched(judged=fitted(train, tmp_path / "broken")), **CEILINGS)
    assert found.outcome is Outcome.FAILED
    assert "rate by city differs by" in found.reason
    assert "city = Chur 0.000" in found.reason


def test_a_ceiling_of_one_allows_all_but_the_loss(watched: Change, tmp_path: Path) -> None:
    chur = pl.col("city") == "Chur"
    train = rows(4000, 1).with_columns(late=pl.when(chur).then(1 - pl.col("late")).otherwise("late"))
    broken = watched(judged=fitted(train, tmp_path / "broken"))
    assert "loss by city" in fairness(broken, selection_rate=1, equalised_odds=1, loss=0.5).reason


def test_without_two_values_with_enough_rows_it_is_inconclusive(watched: Change) -> None:
    found = fairness(watched(holdout=rows(100, 2)), **CEILINGS)
    assert (found.outcome, found.reason) == (
        Outcome.INCONCLUSIVE,
        "of city, fewer than two values have 100 rows",
    )
