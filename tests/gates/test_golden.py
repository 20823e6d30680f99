from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from noria.core.gates import Outcome
from noria.errors import DataError
from noria.gates.golden import golden
from noria.gates.subject import Subject
from tests.gates.conftest import fitted, rows

OPTIONS: dict[str, Any] = {"file": "golden.csv", "metric": "", "limit": None, "worse": 0.1}


@pytest.fixture
def with_golden(changed: Callable[..., Subject], tmp_path: Path) -> Callable[..., Subject]:
    """The honest candidate in a checkout with 300 golden rows."""
    rows(300, 7).drop("_time", "_version").write_csv(tmp_path / "golden.csv")
    return lambda **values: changed(checkout=tmp_path, **values)


def test_an_honest_candidate_is_as_good_as_the_champion(
    with_golden: Callable[..., Subject], honest: Subject
) -> None:
    assert golden(with_golden(), **OPTIONS).outcome is Outcome.PASSED
    found = golden(with_golden(champion_artifact=honest.judged), **OPTIONS)
    assert found.outcome is Outcome.PASSED
    assert "on the 300 rows of golden.csv; the champion has" in found.reason


def test_a_candidate_that_learnt_turned_labels_is_refused(
    with_golden: Callable[..., Subject], honest: Subject, tmp_path: Path
) -> None:
    turned = rows(4000, 1)
    poisoned = fitted(turned.with_columns(late=1 - turned["late"]), tmp_path / "poisoned")
    found = golden(with_golden(shipped=poisoned, champion_artifact=honest.judged), **OPTIONS)
    assert found.outcome is Outcome.FAILED
    assert "may be worse by 10% at most" in found.reason


def test_a_floor_holds_without_a_champion(with_golden: Callable[..., Subject]) -> None:
    assert golden(with_golden(), **{**OPTIONS, "metric": "auc", "limit": 0.7}).outcome is Outcome.PASSED
    found = golden(with_golden(), **{**OPTIONS, "metric": "auc", "limit": 0.99})
    assert found.outcome is Outcome.FAILED
    assert "allowed is 0.99" in found.reason


def test_a_file_that_is_not_there_or_is_faulty_is_named(
    with_golden: Callable[..., Subject], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"other\.csv: the commit has no such file"):
        golden(with_golden(), **{**OPTIONS, "file": "other.csv"})
    (tmp_path / "golden.csv").write_text("age,income,city,late\nold,3,Bern,0\n")
    with pytest.raises(DataError, match=r"golden\.csv: age: found old, allowed: number"):
        golden(with_golden(), **OPTIONS)
