"""The hosts of a model's versions, as the keeper has them: started, restarted, replaced, and ended."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import monotonic

from noria.gateway import files
from noria.gateway.files import HostState, PlanFile
from noria.gateway.host_process import HostProcess
from noria.gateway.settings import ModelSettings

logger = logging.getLogger(__name__)

CRASH_WINDOW = 60.0
CRASHES = 3
"""Crashes within CRASH_WINDOW seconds from which on a challenger's or shadow's process is left alone."""
OPEN_FOR = 30.0
"""Seconds that it is left alone; then it gets one more try."""
BACK_OFF = (0.0, 0.2, 0.5, 1.0)
"""Seconds before a restart, by the number of crashes before. A champion always gets one: who else answers?"""
LOOK_AT_MEMORY = 0.2

_numbers = count()  # of sockets: each process has one of its own


class Hosts:
    """The hosts that a model's plan names, and those that a worker still uses."""

    def __init__(self, settings: ModelSettings, sockets: Path) -> None:
        """Follow the plan in the model's home; the hosts listen in the directory `sockets`."""
        self._directory = settings.home / "gateway"
        self._memory = settings.memory
        self._sockets = sockets
        self._seen: tuple[int, int] | None = None
        self._needed: set[str] = set()
        self._hosts: dict[str, Host] = {}
        self._leaving: list[Host] = []
        self._written: dict[str, HostState] | None = None

    def tend(self) -> None:
        """Do what is due: follow the plan, restart what died, replace what leaks, end what nobody needs."""
        self._follow()
        for name in [name for name in self._hosts if name not in self._needed]:
            if not any(name in ready.hosts for ready in files.read_ready(self._directory)):
                self._leave(name)
        for host in self._hosts.values():
            host.tend()
        self._leaving = [host for host in self._leaving if not host.gone()]
        states = {name: host.state for name, host in self._hosts.items()}
        if states != self._written:
            with suppress(OSError):  # a full disk: it is tried again at the next look
                files.write_hosts(self._directory, states)
                self._written = states

    def end(self) -> None:
        """Let all hosts end, each when its last call is answered."""
        for name in list(self._hosts):
            self._leave(name)

    def gone(self) -> bool:
        """Return whether all hosts have ended since `end`."""
        self._leaving = [host for host in self._leaving if not host.gone()]
        return not self._leaving

    def _follow(self) -> None:
        stamp = files.stamp(self._directory / "plan.json")
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            file = files.read_plan(self._directory)
        except (OSError, ValueError) as error:
            logger.error("the plan in %s cannot be used, the present one stays: %s", self._directory, error)
            return
        names = file.hosts()
        self._needed = set(names.values())
        for version, name in names.items():
            if name not in self._hosts:
                self._hosts[name] = Host(version, name, self._starter(file, version), memory=self._memory)
        for name, host in self._hosts.items():
            host.champion = name == names.get(file.plan.champion or -1)

    def _starter(self, file: PlanFile, version: int) -> Callable[[], HostProcess]:
        release, copies = file.versions[version], self._directory / "artifacts"
        return lambda: HostProcess(release, copies, self._sockets / str(next(_numbers)), memory=self._memory)

    def _leave(self, name: str) -> None:
        host = self._hosts.pop(name)
        host.end()
        self._leaving.append(host)


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
