"""Starts the daily look at rows, see `noria.monitor.audit`, and keeps what it says; it never waits for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from tempfile import TemporaryFile
from typing import IO

import msgspec

from noria.monitor.audit import Order, Served
from noria.ports import State
from noria.project.model import Project
from noria.rows import SignalRow, VersionRow

ONE = timedelta(days=1)
MONITORS = ("skew", "attribution", "feedback")


class Audit:
    """Looks at each day that is over; days that end while it looks at another one are passed over.

    `fault` says why the last look failed, "" where it did not.
    """

    def __init__(self, project: Project, state: State, now: datetime) -> None:
        self.fault = ""
        self._project = project
        self._state = state
        said = [row.day for row in state.signals(project.name) if row.monitor in MONITORS]
        self._done = date.fromisoformat(said[-1]) if said else now.date() - 2 * ONE
        self._child: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes]
        self._faults: IO[bytes]

    def turn(self, now: datetime) -> list[SignalRow]:
        """Take over what a look has found and return it, or begin one if a day is over."""
        yesterday = now.date() - ONE
        if self._child is not None:
            if self._child.poll() is not None:
                return self._take()
        elif yesterday > self._done:
            self._done = yesterday
            self._begin(yesterday)
        return []

    def close(self) -> None:
        """End a look that is under way."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._close()

    def _begin(self, day: date) -> None:
        plan = self._state.model(self._project.name).plan
        champion = plan.champion if plan else None
        numbers = sorted(plan.versions, key=lambda number: number != champion) if plan else []
        rows = [self._state.version(self._project.name, number) for number in numbers]
        served = {row.version: _served(row) for row in rows if row}
        if not served:
            return
        said = self._state.signals(self._project.name, (day - ONE).isoformat())
        before = [row for row in said if row.monitor == "attribution"]
        order = Order(str(self._project.root), day.isoformat(), served, before)
        self._said, self._faults = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - closed with the child
        command = [sys.executable, "-m", "noria.monitor.audit", msgspec.json.encode(order).decode()]
        self._child = subprocess.Popen(command, stdout=self._said, stderr=self._faults)

    def _take(self) -> list[SignalRow]:
        """Keep the signals of a look that has ended, or why it failed."""
        assert self._child is not None
        said: list[SignalRow] = []
        self._said.seek(0)
        self._faults.seek(0)
        if self._child.returncode:
            lines = self._faults.read().decode(errors="replace").splitlines()
            self.fault = _last(lines) or f"exit code {self._child.returncode}"
        else:
            self.fault = ""
            said = msgspec.json.decode(self._said.read(), type=list[SignalRow])
            self._state.save_signals(said)
        self._close()
        return said

    def _close(self) -> None:
        self._said.close()
        self._faults.close()
        self._child = None


def _served(row: VersionRow) -> Served:
    return Served(row.artifact, row.digest, row.facts.get("background", ""))


def _last(lines: Iterable[str]) -> str:
    return next(iter([line for line in lines if line.strip()][-1:]), "")
