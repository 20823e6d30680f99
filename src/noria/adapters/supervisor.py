"""One process tree under one supervisor: starts the parts of noria, restarts what dies, stops all of them."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic

from noria.errors import Unavailable

POLL = 0.2
BACK_OFF = (0.0, 0.5, 2.0, 10.0)
"""Seconds before a restart, by the number of deaths in the last minute."""
GRACE = 20.0
"""Seconds that a part has to end after SIGTERM, before it is killed."""


class Part:
    """One supervised process and its log."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self._command = command
        self._log = log
        self._deaths: list[float] = []
        self._process: subprocess.Popen[bytes] | None = None

    def tend(self, tell: Callable[[str], None]) -> None:
        """Start the process if there is none, unless it died so often lately that it has to wait."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            self._deaths.append(monotonic())
            self._process = None
            tell(f"{self.name} ended with {code}; see {self._log}")
        recent = [death for death in self._deaths if death > monotonic() - 60]
        wait = BACK_OFF[min(len(recent), len(BACK_OFF) - 1)]
        if not recent or monotonic() >= recent[-1] + wait:
            self._start()

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, seconds: float) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(max(seconds, 0.1))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent
            )


def supervise(parts: Sequence[Part], stop: Event, tell: Callable[[str], None]) -> None:
    """Tend the parts until `stop` is set, then end them: the first one in the list stops first."""
    try:
        while not stop.is_set():
            for part in parts:
                part.tend(tell)
            stop.wait(POLL)
    finally:
        deadline = monotonic() + GRACE
        for part in parts:
            part.end()
            part.wait(deadline - monotonic())


def parts_of(commands: Mapping[str, Sequence[str]], logs: Path) -> list[Part]:
    """Return a part for each command line of the `noria` verbs."""
    return [
        Part(name, [sys.executable, "-m", "noria", *words], logs / f"{name}.log")
        for name, words in commands.items()
    ]


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock of a project while its parts run.

    Raises:
        Unavailable: another process holds it; the message names it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Unavailable(
                f"noria is up in this project already, as process {file.read().strip()}", hint="noria status"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def is_up(path: Path) -> bool:
    """Return whether somebody holds the lock of a project; who asks changes nothing."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def die_with_parent() -> None:
    """Ask the kernel to end this child when its supervisor is gone, however it went (Linux, prctl(2))."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
