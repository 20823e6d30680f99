"""Candidates that fail the project's own tests, and gates that do not work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shutil import copytree, ignore_patterns

from benchmarks.broken.entry import Entry, Make
from noria.gates.subject import Subject

FAILS = """
from noria.model_tests import assert_invariant
import polars as pl

def test_the_hour_does_not_matter(predict, holdout):
    assert_invariant(predict, holdout.tail(50), lambda rows: rows.with_columns(hour=pl.lit(5)))
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
"""What rollout 3 was aborted for: evening flights in fog were called in time."""
from noria.model_tests import assert_minimum

def test_incident_3(predict, holdout):
    fog = [{**row, "visib": 0.1, "hour": 20} for row in holdout.head(20).to_dicts()]
    assert_minimum(predict, [(row, 0.99, 1.0) for row in fog])
'''


def tested_by(name: str, text: str) -> Make:
    """Return what gives the honest candidate another file of tests."""

    def make(subject: Subject, folder: Path) -> Subject:
        left = ignore_patterns("data", "*.parquet", "tests")
        checkout = Path(copytree(subject.checkout, folder / "checkout", ignore=left))
        (checkout / "tests" / "model").mkdir(parents=True)
        (checkout / "tests" / "model" / f"test_{name}.py").write_text(text)
        return replace(subject, folder=folder, checkout=checkout)

    return make


ENTRIES = (
    Entry(name="a model test fails", make=tested_by("hours", FAILS), gate="tests", word="hour_does_not"),
    Entry(name="a test does not import", make=tested_by("lost", BROKEN), gate="tests", word="a_module"),
    Entry(name="a fixture fails", make=tested_by("cases", FIXTURE), gate="tests", word="no cases today"),
    Entry(name="a test hangs", make=tested_by("endless", ENDLESS), gate="tests", word="test_for_ever"),
)
