from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.conformance import PROGRAMS, check_row, client_row
from noria.conformance.check import Result, Status


def result(status: Status, found: str = "200") -> Result:
    return Result(check="infer", required=True, status=status, found=found, says="It answers.")


def test_a_case_that_fails_with_one_model_is_a_failure() -> None:
    seen = [("JSON", "off by 0.1", False), ("JSON", "5 rows", True)]
    assert client_row("boto3", seen) == ("boto3", "JSON", "**failed**: off by 0.1", "")
    assert client_row("boto3", [("JSON", "", True), ("JSON", "5 rows", True)])[2] == "5 rows"


def test_a_check_that_fails_with_one_model_is_a_failure() -> None:
    row = check_row(
        result(Status.FAILED, "500 a|b"), result(Status.PASSED), result(Status.SKIPPED, "x" * 100)
    )
    assert row[:3] == ("noria conformance", "infer", "**failed**: 500 a\\|b")
    assert len(row[3]) == 90  # what the page has room for


@pytest.mark.parametrize(
    ("predicted", "right"),
    [
        ([0.5, 0.25], True),
        ([0.5, 0.25 + 2e-6], False),  # a millionth is allowed
        ([0.5], False),
    ],
)
def test_a_script_compares_predictions_with_the_models_own(predicted: list[float], right: bool) -> None:
    case = f"def case(work):\n    'JSON'\n    return same({predicted}, work)"
    program = f"from cases import run, same\n{case}\nrun(case)"
    work = {"url": "", "model": "m", "version": "1", "kinds": {"x": "number"}}
    said = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROGRAMS,
        input=json.dumps({**work, "rows": [[1.0], [2.0]], "expected": [0.5, 0.25]}),
        capture_output=True,
        text=True,
        check=True,
    )
    [(what, _, found)] = json.loads(said.stdout)
    assert (what, found) == ("JSON", right)
