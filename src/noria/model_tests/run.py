"""Runs a project's model tests with pytest, in a process of their own.

It is a fork where that is safe, which saves all imports, and else a new process. They come to the same
wherever they run: of pytest's plugins there are noria's and those that the project's conftest names, and no
`addopts`.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from noria.model_tests import plugin, reporting
from noria.model_tests.reporting import RUNNING, Result
from noria.model_tests.under_test import UnderTest

FOLDER = "tests/model"
"""Where a project keeps the tests of its model."""
REPORT = "tests.jsonl"
"""Where the results lie, see `noria.model_tests.reporting`."""
_RAN = (0, 1, 5)
"""What pytest exits with when it has run: all well, failures, no tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a run of the tests came to: each result, and what else went wrong with pytest itself, or "".

    `junit` is the JUnit XML, `log` all that pytest printed.
    """

    results: tuple[Result, ...]
    trouble: str
    junit: Path
    log: Path

    def of(self, outcome: str) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.outcome == outcome)


def files_of(root: Path) -> list[Path]:
    """Return the files of tests in a project, which may have none."""
    return sorted((root / FOLDER).rglob("test_*.py"))


def run_tests(
    tested: UnderTest, out: Path, timeout: float | None = None, only: Path | None = None
) -> Session:
    """Run the tests of `tests/model` (or `only` one file of them) and keep what comes of it in `out`.

    With `timeout`, in seconds, they are ended then; the test that was at work remains as running.
    """
    out.mkdir(parents=True, exist_ok=True)
    junit, log, report = out / "junit.xml", out / "pytest.txt", out / REPORT
    for file in (junit, report):
        file.unlink(missing_ok=True)
    tested.write(out / "under_test.json")
    words: list[str | Path] = [
        "--noria-under-test",
        out / "under_test.json",
        "--noria-report",
        report,
        "--junitxml",
        junit,
    ]
    options: list[str | Path] = [
        "--rootdir",
        tested.root,
        "-p",
        "no:cacheprovider",
        "-o",
        "addopts=",
        "--color=no",
    ]
    code = _pytest([only or FOLDER, *options, *words], Path(tested.root), log, timeout)
    results = tuple(reporting.read(report))
    return Session(results=results, trouble=_trouble(code, results, timeout, log), junit=junit, log=log)


def _pytest(words: list[str | Path], root: Path, log: Path, timeout: float | None) -> int | None:
    """Return what pytest exits with, None when its time was up."""
    context = multiprocessing.get_context("fork" if _has_one_thread() else "spawn")
    process = context.Process(target=_main, args=(list(map(str, words)), root, log))
    process.start()
    try:
        process.join(timeout)
        return process.exitcode
    finally:
        process.kill()
        process.join()


def _has_one_thread() -> bool:
    """Say whether this process can be forked, with all that it has imported already.

    A lock that another thread holds, such as one of Polars, would stay locked in the fork.
    """
    threads = Path("/proc/self/task")
    return threads.exists() and len(list(threads.iterdir())) == 1


def _main(words: list[str], root: Path, log: Path) -> NoReturn:
    """Become what `python -m pytest` is in the directory `root`, with its output in `log`."""
    with log.open("wb") as printed:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(printed.fileno(), stream.fileno())
    os.chdir(root)
    sys.path.insert(0, str(root))
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    sys.exit(pytest.main(words, plugins=[plugin]))


def _trouble(code: int | None, results: tuple[Result, ...], timeout: float | None, log: Path) -> str:
    at_work = [result.test for result in results if result.outcome == RUNNING]
    where = f", in {at_work[0]}" if at_work else ""
    if code is None:
        return f"the tests took more than {timeout:g} s{where}"
    if code < 0:
        return f"signal {-code} ended the tests{where}"
    if at_work:
        return f"the tests ended with {code}{where}"
    if code in _RAN or any(result.outcome == "error" for result in results):
        return ""
    lines = log.read_text(errors="replace").strip().splitlines()
    last = lines[-1].removeprefix("E").strip() if lines else "it printed nothing"
    return f"pytest ended with {code}: {last}"
