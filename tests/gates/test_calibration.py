from collections.abc import Callable
from pathlib import Path

import polars as pl

from noria.core.gates import Outcome
from noria.gates.calibration import calibration
from noria.gates.subject import Subject
from tests.gates.conftest import BEGIN, fitted, rows

Change = Callable[..., Subject]


def test_an_honest_candidate_passes(honest: Subject) -> None:
    found = calibration(honest, ceiling=0.05, rows=100)
    assert found.outcome is Outcome.PASSED
    assert abs(found.numbers["error"]) < 0.02


def test_one_that_is_too_sure_fails(changed: Change, tmp_path: Path) -> None:
    """It learnt from the rows of the extremes only: on all others it is as sure as on these."""
    train = rows(8000, 1)
    certain = train.filter(((pl.col("age") > 50) == (pl.col("late") == 1)) | (pl.col("age") % 1 < 0.05))
    found = calibration(changed(judged=fitted(certain, tmp_path / "broken")), ceiling=0.05, rows=100)
    assert found.outcome is Outcome.FAILED
    assert "0.05 at most is allowed" in found.reason
    assert found.numbers["low"] > 0.05


def test_too_few_rows_are_inconclusive(changed: Change) -> None:
    found = calibration(changed(holdout=rows(20, 2, BEGIN)), ceiling=0.05, rows=100)
    assert (found.outcome, found.reason) == (Outcome.INCONCLUSIVE, "20 rows held out, 100 needed")
