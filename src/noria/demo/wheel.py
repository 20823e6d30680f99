"""The running system, as the demo drives it: start it, move its clock, wait until it has come to rest."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from noria.clock import FileClock
from noria.core.rollout import Phase
from noria.errors import Unavailable
from noria.ports import ModelRow
from noria.project.model import Project
from noria.wiring import state

PATIENCE = 900.0
"""Seconds of wall time after which a system that does not come to rest is given up."""
LOOKS = 2
"""Looks of the controller that must begin and end after the data are in."""


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
        log = (self.project.home / "up.log").open("wb")
        command = [sys.executable, "-m", "noria", "up"]
        self._up = subprocess.Popen(command, cwd=self.project.root, stdout=log, stderr=log)
        self._wait(lambda: self.model().champion is not None, "a first champion")
        self._wait(self._serves, "the gateway to serve")

    def stop(self) -> None:
        if self._up is not None:
            self._up.terminate()
            self._up.wait()

    def model(self) -> ModelRow:
        return self.state.model(self.project.name)

    def settle(self, *, everything: bool = False) -> None:
        """Wait until the days before are in the tables, and the controller has nothing to do about them.

        A run takes no virtual time: the clock stands still until it has ended and its version is loaded.
        `everything` waits for the present day as well, which the collector has no hurry to write.
        """
        now = self.clock.now()
        midnight = now.replace(hour=0, minute=0)
        self._wait(lambda: self._collected(now if everything else midnight, everything), "the collector")
        seen = self._beat("controller").get("looks", 0)
        self._wait(lambda: self._at_rest(seen + LOOKS), "the controller to come to rest")

    def _collected(self, until: datetime, everything: bool) -> bool:
        told = self._beat("collector")
        return bool(told) and told["at"] >= until and (told["backlog"] == 0 or not everything)

    def _at_rest(self, looks: int) -> bool:
        told, rollout = self._beat("controller"), self.model().rollout
        loading = rollout is not None and rollout.phase is Phase.LOADING
        return told.get("looks", 0) >= looks and not told["running"] and not told["moved"] and not loading

    def _serves(self) -> bool:
        plan = self.model().plan
        return plan is not None and all(
            self._ready_plan(path) == plan.number
            for path in (self.project.home / "gateway").glob("ready-*.json")
        )

    def _ready_plan(self, path: Path) -> int | None:
        number: int | None = json.loads(path.read_text())["plan"]
        return number

    def _beat(self, part: str) -> dict[str, Any]:
        return self.state.beats().get(part, {})

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            if self._up is not None and self._up.poll() is not None:
                raise Unavailable(f"noria up ended while the demo waited for {what}", hint=f"cat {self._log}")
            if time.monotonic() > deadline:
                raise Unavailable(f"the demo waited {PATIENCE:.0f} s for {what}", hint=f"cat {self._log}")
            time.sleep(0.005)

    @property
    def _log(self) -> Path:
        return self.project.home / "logs" / "controller.log"
