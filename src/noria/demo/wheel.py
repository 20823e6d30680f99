"""The running system, as the demo drives it: start it, move its clock, wait until it has come to rest."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from noria.adapters.supervisor import die_with_parent
from noria.clock import FileClock
from noria.core.rollout import Phase
from noria.errors import Unavailable
from noria.loop.advance import set_paused
from noria.project.model import Project
from noria.rows import ModelRow
from noria.wiring import build, state

PATIENCE = 900.0
"""Seconds of wall time after which a system that does not come to rest is given up."""
MOMENT = timedelta(minutes=1)


class Wheel:
    """`noria up` of a project, on a virtual clock."""

    def __init__(self, project: Project, now: datetime) -> None:
        project.home.mkdir(parents=True, exist_ok=True)
        self.clock = FileClock.create(project.home / "clock", now)
        self.project = project
        self.state = state(project)
        self._up: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start `noria up` and wait for the first champion."""
        command = [sys.executable, "-m", "noria", "up"]
        with (self.project.home / "up.log").open("wb") as log:
            self._up = subprocess.Popen(
                command, cwd=self.project.root, stdout=log, stderr=log, preexec_fn=die_with_parent
            )
        self._wait(lambda: self.model().champion is not None, "a first champion")
        self._wait(self._serves, "the gateway to serve")

    def stop(self) -> None:
        if self._up is not None:
            self._up.terminate()
            self._up.wait()

    def pause(self) -> None:
        """Let nothing new begin: the year is over, and what is left is to take in its last labels."""
        set_paused(build(self.project), True, actor="demo", reason="the year is over")

    def model(self) -> ModelRow:
        return self.state.model(self.project.name)

    def settle(self, until: datetime) -> None:
        """Move the clock on to `until`, and wait until there is nothing left to do about what was before.

        The days before are in the tables first, so that the controller's look at `until` sees them. A run
        takes no virtual time: the clock stands still until it has ended and its version is loaded.
        """
        self.clock.set(until - MOMENT)
        midnight = until.replace(hour=0, minute=0)
        self._wait(lambda: self._told("collector", midnight) is not None, "the collector")
        self.clock.set(until)
        self._wait(lambda: self._at_rest(until), "the controller to come to rest")
        self._wait(self._serves, "the gateway to serve what the controller decided")

    def _at_rest(self, since: datetime) -> bool:
        told = self._told("controller", since)
        if told is None or told["running"] or told["moved"]:
            return False
        rollout = self.model().rollout
        return rollout is None or rollout.phase is not Phase.LOADING

    def _told(self, part: str, since: datetime) -> dict[str, Any] | None:
        """Return what a part said at its last look, if that was not before `since`."""
        told = self.state.beats().get(part)
        return told if told is not None and told["at"] >= since else None

    def _serves(self) -> bool:
        plan = self.model().plan
        return plan is not None and all(
            self._ready_plan(path) == plan.number
            for path in (self.project.home / "gateway").glob("ready-*.json")
        )

    def _ready_plan(self, path: Path) -> int | None:
        number: int | None = json.loads(path.read_text())["plan"]
        return number

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            if self._up is not None and self._up.poll() is not None:
                raise Unavailable(f"noria up ended while the demo waited for {what}", hint=f"cat {self._log}")
            if time.monotonic() > deadline:
                raise Unavailable(f"the demo waited {PATIENCE:.0f} s for {what}", hint=f"cat {self._log}")
            time.sleep(0.02)

    @property
    def _log(self) -> Path:
        return self.project.home / "logs" / "controller.log"
