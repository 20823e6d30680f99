"""Each broken model is a real one that learnt from broken rows."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from noria.core.gates import Outcome
from noria.gates.finding import Finding
from noria.gates.subject import Subject
from noria.gates.weak_slices import weak_slices
from noria.rows import Rival
from tests.gates.conftest import BEGIN, fitted, rows

Change = Callable[..., Subject]
IN_CHUR = pl.col("city") == "Chur"


def asked(subject: Subject) -> Finding:
    return weak_slices(subject, rows=100, margin=0.25)


def flipped(train: pl.DataFrame) -> pl.DataFrame:
    return train.with_columns(late=pl.when(IN_CHUR).then(1 - pl.col("late")).otherwise("late"))


def test_an_honest_candidate_passes_and_its_weakest_slices_are_listed(honest: Subject) -> None:
    found = asked(honest)
    assert found.outcome is Outcome.PASSED
    losses = [row["loss"] for row in found.rows]
    assert losses == sorted(losses, reverse=True)
    assert found.rows[0]["slice"].startswith("age ")


def test_a_sign_flip_on_a_slice_is_named_without_a_champion(changed: Change, tmp_path: Path) -> None:
    found = asked(changed(judged=fitted(flipped(rows(4000, 1)), tmp_path / "broken")))
    assert found.outcome is Outcome.FAILED
    assert found.reason.startswith("city = Chur: log_loss ")
    assert "with a constant" in found.reason
    assert found.rows[0]["loss"] > 1 > found.rows[0]["opponent"]


def test_a_candidate_that_ignores_a_slice_is_worse_there_than_the_champion(
    changed: Change, honest: Subject, tmp_path: Path
) -> None:
    train = rows(4000, 1)
    blind = train.with_columns(age=pl.when(IN_CHUR).then(pl.col("age").shuffle(1)).otherwise("age"))
    broken = changed(judged=fitted(blind, tmp_path / "broken"), champion_artifact=honest.judged)
    found = asked(broken)
    assert found.outcome is Outcome.FAILED
    assert "city = Chur" in found.reason
    assert "with the champion" in found.reason


def test_another_honest_model_is_not_refused(changed: Change, honest: Subject, tmp_path: Path) -> None:
    other = fitted(rows(4000, 3), tmp_path / "other")
    assert asked(changed(champion_artifact=other)).outcome is Outcome.PASSED


def test_where_the_champion_itself_was_judged_what_ships_is_asked(
    changed: Change, honest: Subject, tmp_path: Path
) -> None:
    broken = fitted(flipped(rows(4000, 1)), tmp_path / "broken")
    found = asked(changed(shipped=broken, champion_artifact=honest.judged))
    assert found.outcome is Outcome.FAILED
    assert "city = Chur" in found.reason


def test_the_champion_is_compared_on_rows_that_it_has_not_learnt_from(
    changed: Change, honest: Subject, tmp_path: Path
) -> None:
    """The holdout is of data version 1, which the champion knows; its twin was trained without it."""
    rival = Rival(
        name="version 3",
        shipped=str(honest.shipped),
        twin=str(honest.judged),
        refit=True,
        data_version=1,
        holdout_from=honest.holdout["_time"][0].isoformat(),
        learnt=datetime(2027, 1, 1, tzinfo=UTC),
    )
    broken = fitted(flipped(rows(4000, 1)), tmp_path / "broken")
    found = asked(changed(judged=broken, champion_artifact=honest.shipped, rival=rival))
    assert "with version 3 as it was before its refit" in found.reason
    assert found.numbers["searched"] == 1000


@pytest.mark.parametrize("count", [0, 50])
def test_few_rows_say_nothing(changed: Change, count: int) -> None:
    found = asked(changed(holdout=rows(1000, 2, BEGIN).head(count)))
    assert (found.outcome, found.reason) == (
        Outcome.PASSED,
        f"{count} rows held out: too few to say",
    )
