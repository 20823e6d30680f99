"""Each test's result as a line of JSON, written at once: what a process wrote that dies is still there."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

RUNNING = "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a test, or of a file that could not be read (an error).

    `outcome` is passed, failed, skipped, error, or running: it never ended. `said` is the first line of what
    it said, `told` all of it; `rows` are those that failed an assertion about rows. Time is in seconds.
    """

    test: str
    outcome: str
    seconds: float = 0.0
    said: str = ""
    told: str = ""
    rows: tuple[dict[str, Any], ...] = ()


class Reporter:
    """A plugin of pytest that writes the results of a session."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.write_text("")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._write(report.nodeid, "error", told=report.longreprtext)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write(nodeid, RUNNING)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "call" or not report.passed:
            outcome = "error" if report.failed and report.when != "call" else report.outcome
            raised = call.excinfo.value if call.excinfo else None
            said, rows = getattr(raised, "said", ""), getattr(raised, "rows", [])
            self._write(report.nodeid, outcome, report.duration, said, _text(report), rows)
        return report

    def _write(
        self,
        test: str,
        outcome: str,
        seconds: float = 0.0,
        said: str = "",
        told: str = "",
        rows: Sequence[dict[str, Any]] = (),
    ) -> None:
        line = {"test": test, "outcome": outcome, "seconds": seconds, "said": said or _first_line(told)}
        with self._file.open("a") as out:
            out.write(json.dumps(line | {"told": told, "rows": list(rows)}, default=str) + "\n")


def read(file: Path) -> list[Result]:
    """Return the results in the order in which the tests began; of a test, what was written last counts."""
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return list({line["test"]: Result(**line | {"rows": tuple(line["rows"])}) for line in lines}.values())


def _text(report: pytest.TestReport) -> str:
    if report.skipped and isinstance(report.longrepr, tuple):
        return report.longrepr[2]
    return report.longreprtext


def _first_line(told: str) -> str:
    """Return the line that says what is wrong: the first that pytest marks as an error, else the last."""
    lines = [line for line in told.splitlines() if line.strip()]
    marked = [line.removeprefix("E").strip() for line in lines if line.startswith("E  ")]
    return (marked or [line.strip() for line in lines[:1]] or [""])[0]
