"""What becomes of a version's process: it is started, restarted, left alone or replaced."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from time import monotonic

from noria.gateway.files import HostState
from noria.gateway.hosting.host_process import HostProcess

logger = logging.getLogger(__name__)

CRASH_WINDOW = 60.0
CRASHES = 3
"""Crashes within CRASH_WINDOW seconds from which on a challenger's or shadow's process is left alone."""
OPEN_FOR = 30.0
"""Seconds that it is left alone; then it gets one more try."""
BACK_OFF = (0.0, 0.2, 0.5, 1.0)
"""Seconds before a restart, by the number of crashes before. A champion always gets one: who else answers?"""
LOOK_AT_MEMORY = 0.2


class Host:
    """One version's process, with the one that replaces it and those that it has replaced."""

    def __init__(self, version: int, name: str, start: Callable[[], HostProcess], *, memory: int) -> None:
        self.champion = False
        self._version = version
        self._name = name
        self._start = start
        self._memory = memory
        self._process: HostProcess | None = None
        self._fresh: HostProcess | None = None
        self._old: list[HostProcess] = []
        self._crashes: deque[float] = deque(maxlen=max(CRASHES, len(BACK_OFF)))
        self._state, self._why = "starting", ""
        self._restarts = self._recycled = 0
        self._start_at = self._look_at = 0.0

    @property
    def state(self) -> HostState:
        process = self._process
        return HostState(
            version=self._version,
            state=self._state,
            socket=process.socket if process else "",
            pid=process.pid if process else 0,
            spec=process.spec or {} if process else {},
            restarts=self._restarts,
            recycled=self._recycled,
            why=self._why,
        )

    def tend(self) -> None:
        """Take one look at the processes, and do what is due."""
        self._old = [process for process in self._old if not _gone(process)]
        if self._process and not self._process.alive:
            self._process.clean_up()
            died, self._process = self._process, None
            self._crashed("down", died.how_it_ended)
        if self._fresh:
            self._await_fresh(self._fresh)
        elif self._process:
            self._watch_memory(self._process)
        elif monotonic() >= self._start_at:
            self._launch()

    def end(self) -> None:
        """Let the processes end, each when its last call is answered."""
        for process in (self._process, self._fresh):
            if process:
                process.retire()
                self._old.append(process)
        self._process = self._fresh = None

    def gone(self) -> bool:
        """Return whether all processes have ended since `end`."""
        self._old = [process for process in self._old if not _gone(process)]
        return not self._old

    def _launch(self) -> None:
        try:
            self._fresh = self._start()
        except OSError as error:  # the machine has no memory, no process or no file descriptor left
            if self._process is None:
                self._crashed("down", f"its process could not be started: {error}")

    def _await_fresh(self, fresh: HostProcess) -> None:
        fresh.listen()
        if fresh.fault:
            self._fresh = None
            fresh.clean_up()
            if self._process is None:
                never_up = self._state in ("starting", "failed")
                self._crashed("failed" if never_up else "down", fresh.fault)
            else:
                self._look_at = monotonic() + OPEN_FOR
        elif fresh.spec is not None:
            if self._process:
                self._process.retire()
                self._old.append(self._process)
            self._process, self._fresh, self._state = fresh, None, "up"

    def _crashed(self, state: str, why: str) -> None:
        now = monotonic()
        self._crashes.append(now)
        recent = sum(crash > now - CRASH_WINDOW for crash in self._crashes)
        self._state, self._why = state, why
        self._start_at = now + BACK_OFF[min(recent, len(BACK_OFF)) - 1]
        self._restarts += state == "down"
        if state == "failed":
            self._start_at = now + OPEN_FOR
        elif recent >= CRASHES and not self.champion:
            self._state, self._why = "open", f"{CRASHES} crashes within {CRASH_WINDOW:g} s; at last {why}"
            self._start_at = now + OPEN_FOR
        logger.warning("the host %s is %s: %s", self._name, self._state, self._why)

    def _watch_memory(self, process: HostProcess) -> None:
        """Replace a process that grows, half-way between what it held at first and what it may hold."""
        if monotonic() < self._look_at:
            return
        self._look_at = monotonic() + LOOK_AT_MEMORY
        held = process.memory()
        if held > self._memory:
            process.kill()
        elif held > (process.first_memory + self._memory) / 2:
            self._recycled += 1
            self._why = f"replaced for its memory: {_mb(held)}, and {_mb(process.first_memory)} at first"
            logger.warning("the host %s is %s", self._name, self._why)
            self._launch()


def _gone(process: HostProcess) -> bool:
    gone = process.gone()
    if gone:
        process.clean_up()
    return gone


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
