"""The gate that runs the project's own tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from noria.core.gates import Gate, Outcome
from noria.gates import tests as gate
from noria.gates.examine import examine
from noria.gates.finding import Finding
from noria.gates.subject import Subject

Checked = Callable[[str], Finding]

GOOD = "def test_good(predict, holdout):\n    assert (predict(holdout) <= 1).all()\n"
BAD = """
import polars as pl
from noria.model_tests import assert_invariant

def test_bad(predict, holdout):
    assert_invariant(predict, holdout, lambda rows: rows.with_columns(age=pl.lit(20)))
"""


@pytest.fixture
def checked(changed: Callable[..., Subject], tmp_path: Path) -> Checked:
    """Return the gate on a candidate whose checkout has this file of tests."""

    def check(text: str) -> Finding:
        return gate.tests(_subject(changed, tmp_path, text))

    return check


def _subject(changed: Callable[..., Subject], folder: Path, text: str) -> Subject:
    (folder / "tests/model").mkdir(parents=True)
    (folder / "tests/model/test_it.py").write_text(text)
    (folder / "noria.toml").touch()
    return changed(checkout=folder)


def test_without_tests_it_passes_and_says_so(honest: Subject) -> None:
    found = gate.tests(honest)
    assert (found.outcome, found.reason) == (Outcome.PASSED, "no tests in tests/model")


def test_passed_tests_are_counted(checked: Checked) -> None:
    found = checked("def test_good(holdout): pass")
    assert (found.outcome, found.reason) == (Outcome.PASSED, "1 tests passed")


def test_a_failed_test_is_named_with_its_first_line_and_its_rows(checked: Checked, tmp_path: Path) -> None:
    found = checked(GOOD + BAD)
    assert found.outcome == Outcome.FAILED
    assert "1 of 2 failed: test_it.py::test_bad: 941 of 1,000 rows moved" in found.reason
    assert "-> 20" in found.rows[0]["worst"]
    assert (tmp_path / "junit.xml").exists()


def test_what_does_not_import_is_an_error(checked: Checked) -> None:
    found = checked("import nothing_of_this_name\n")
    assert found.outcome == Outcome.ERROR
    assert "No module named 'nothing_of_this_name'" in found.reason


def test_a_test_that_hangs_is_an_error_of_the_gate(changed: Callable[..., Subject], tmp_path: Path) -> None:
    subject = _subject(changed, tmp_path, "import time\ndef test_it(): time.sleep(600)\n")
    (verdict,) = examine(subject, [Gate(check="tests", options={"timeout": 6.0})])
    assert verdict.outcome == Outcome.ERROR
    assert verdict.reason == "its time was up, in tests/model/test_it.py::test_it"
