"""Candidates that fail the project's own tests, and gates that do not work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copytree, ignore_patterns

import polars as pl

from benchmarks.broken.entry import Entry, Make
from benchmarks.broken.flights import retrained
from noria.gates.subject import Subject

FAILS = """
from noria.model_tests import assert_invariant
import polars as pl

def test_the_hour_does_not_matter(predict, holdout):
    assert_invariant(predict, holdout, lambda rows: rows.with_columns(hour=pl.lit(5)))
"""
BROKEN = "import a_module_that_is_nowhere\n\ndef test_nothing():\n    pass\n"
FIXTURE = """
import pytest

@pytest.fixture
def cases():
    raise LookupError("no cases today")

def test_cases(cases):
    pass
"""
ENDLESS = "import time\n\ndef test_for_ever():\n    time.sleep(600)\n"
INCIDENT = '''
"""Never again: rollout 3, in which flights from JFK got the contrary of the right answers."""
from noria.model_tests import assert_slice
import polars as pl

def test_incident_3(candidate, holdout):
    assert_slice(candidate, holdout.filter(pl.col("origin") == "JFK"), "late", at_most=0.9)
'''


def tested_by(name: str, text: str) -> Make:
    """Return what gives the honest candidate another file of tests."""

    def make(subject: Subject, folder: Path) -> Subject:
        left = ignore_patterns("data", "tests", ".noria")
        checkout = Path(copytree(subject.checkout, folder / "checkout", ignore=left))
        (checkout / "tests" / "model").mkdir(parents=True)
        (checkout / "tests" / "model" / f"test_{name}.py").write_text(text)
        return replace(subject, folder=folder, checkout=checkout)

    return make


def repeated(subject: Subject, folder: Path) -> Subject:
    """Train again what a rollout was aborted for, and what has a test since."""
    late = pl.col("late")
    turned = subject.train.with_columns(
        late=pl.when(pl.col("origin") == "JFK").then(1 - late).otherwise(late)
    )
    made = retrained(subject, folder, learnt=turned)
    return tested_by("incident_3", INCIDENT)(replace(made, shipped=made.judged), folder)


def without_golden_rows(subject: Subject, folder: Path) -> Subject:
    """Let a gate raise: the file that it asks for is not in the commit."""
    made = tested_by("nothing", "def test_nothing():\n    pass\n")(subject, folder)
    (made.checkout / "golden.parquet").unlink(missing_ok=True)
    return made


ENTRIES = (
    Entry(name="an incident repeated", make=repeated, gate="tests", word="test_incident_3"),
    Entry(name="a gate that raises", make=without_golden_rows, gate="golden", word="no such file"),
    Entry(name="a model test fails", make=tested_by("hours", FAILS), gate="tests", word="hour_does_not"),
    Entry(name="a test does not import", make=tested_by("lost", BROKEN), gate="tests", word="a_module"),
    Entry(name="a fixture fails", make=tested_by("cases", FIXTURE), gate="tests", word="no cases today"),
    Entry(name="a test hangs", make=tested_by("endless", ENDLESS), gate="tests", word="test_for_ever"),
)
