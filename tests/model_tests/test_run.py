"""Model tests in a real pytest of their own: fixtures, slices, and whatever can go wrong."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from noria.model_tests.run import FOLDER, Session

Tried = Callable[..., Session]

FIXTURES = """
import polars as pl
import pytest
from noria.model_tests import assert_invariant

def test_all_are_there(project, candidate, twin, holdout, train, predict):
    assert project.name == "shop"
    assert list(candidate.features) == list(twin.features) == ["age", "city"]
    assert (train.height, holdout.height) == (1000, 400)
    assert (predict(holdout.head(2).to_dicts()) == predict(holdout.head(2))).all()

def test_champion(champion):
    assert False, "never asked"

@pytest.mark.slices("city", rows=100)
def test_slices(slice_rows):
    assert slice_rows["city"].unique().to_list() == ["Bern"]

def test_fails(predict, holdout):
    assert_invariant(predict, holdout, lambda rows: rows.with_columns(age=pl.lit(18.0)), 0.001)
"""


def outcomes(session: Session) -> dict[str, str]:
    return {result.test.partition("::")[2]: result.outcome for result in session.results}


def test_fixtures_slices_and_a_failure_with_its_rows(tried: Tried) -> None:
    session = tried(FIXTURES)
    assert session.trouble == ""
    assert outcomes(session) == {
        "test_all_are_there": "passed",
        "test_champion": "skipped",
        "test_slices[city=Bern]": "passed",
        "test_fails": "failed",
    }
    (skipped,), (failed,) = session.of("skipped"), session.of("failed")
    assert skipped.said == "Skipped: there is no champion yet"
    assert "of 400 rows moved by more than 0.001" in failed.said
    assert "-> 18" in failed.rows[0]["age"]
    assert "-> 18" in failed.told
    cases = ET.parse(session.junit).getroot().iter("testcase")
    assert {case.get("name") for case in cases} == set(outcomes(session))


def test_a_file_that_does_not_import_is_an_error(tried: Tried) -> None:
    session = tried("import nothing_of_this_name\n")
    assert outcomes(session) == {"": "error"}
    assert session.results[0].said == "ModuleNotFoundError: No module named 'nothing_of_this_name'"


def test_a_fixture_that_fails_is_an_error_and_no_failure(tried: Tried) -> None:
    text = "import pytest\n@pytest.fixture\ndef broken():\n    1 / 0\ndef test_it(broken): pass\n"
    session = tried(text)
    assert outcomes(session) == {"test_it": "error"}
    assert session.results[0].said == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (
            "@pytest.mark.slices('town')",
            "slices('town'): there is no such column; there are: age, city, late",
        ),
        ("", "slice_rows: of which column? Mark the test: @pytest.mark.slices(COLUMN)"),
    ],
)
def test_slices_of_nothing_are_told(tried: Tried, mark: str, said: str) -> None:
    session = tried(f"import pytest\n{mark}\ndef test_it(slice_rows): pass\n")
    (error,) = session.of("error")
    assert error.said == said
    assert "another exception" not in error.told


def test_a_test_that_hangs_is_ended_and_named(tried: Tried) -> None:
    session = tried("import time\ndef test_a(): pass\ndef test_b(): time.sleep(600)\n", timeout=6)
    assert session.trouble == "the tests took more than 6 s, in tests/model/test_it.py::test_b"
    assert outcomes(session) == {"test_a": "passed", "test_b": "running"}


def test_a_test_that_kills_its_process_is_named(tried: Tried) -> None:
    session = tried("import os, signal\ndef test_a(): os.kill(os.getpid(), signal.SIGKILL)\n")
    assert session.trouble == "signal 9 ended the tests, in tests/model/test_it.py::test_a"


def test_a_test_that_leaves_in_silence_is_named(tried: Tried) -> None:
    session = tried("import os\ndef test_a(): os._exit(0)\n")
    assert session.trouble == "the tests ended with 0, in tests/model/test_it.py::test_a"


def test_a_conftest_that_does_not_import_is_told(tried: Tried, shop: Path) -> None:
    (shop / "conftest.py").write_text("import nothing_of_this_name\n")
    said = tried("def test_a(): pass\n").trouble
    assert said == "pytest ended with 4: ModuleNotFoundError: No module named 'nothing_of_this_name'"


CALLER = """
import sys, threading
from pathlib import Path
from noria.model_tests import run, under_test

if __name__ == "__main__":
    folder, threads = Path(sys.argv[1]), int(sys.argv[2])
    for _ in range(threads):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    sys.modules["imported_before"] = sys
    tested = under_test.UnderTest(
        name="candidate", root=str(folder), shipped="", judged="", champion=None, train="", holdout=""
    )
    session = run.run_tests(tested, folder / "out")
    print(session.trouble, *(result.said for result in session.results))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells how many threads there are")
@pytest.mark.parametrize(
    ("threads", "said"), [(0, ""), (1, "ModuleNotFoundError: No module named 'imported_before'")]
)
def test_what_is_imported_is_there_already_unless_a_thread_forbids_to_fork(
    tmp_path: Path, threads: int, said: str
) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "test_it.py").write_text("def test_it():\n    import imported_before\n")
    (tmp_path / "caller.py").write_text(CALLER)
    words = [sys.executable, tmp_path / "caller.py", tmp_path, str(threads)]
    # BLAS starts a thread for each further processor.
    done = subprocess.run(
        words, env={"OPENBLAS_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout.strip(), done.stderr) == (said, "")
