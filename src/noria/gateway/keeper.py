"""The gateway's first process: it holds the port, and keeps workers and hosts alive.

It answers nothing itself, so there is little in it that could fail. A worker may die without harm to a host,
and a host without harm to a worker.
"""

from __future__ import annotations

import fcntl
import gc
import logging
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import IO

from noria.errors import ProjectError, Unavailable
from noria.gateway import files
from noria.gateway.hosting.hosts import Hosts
from noria.gateway.http import listen
from noria.gateway.settings import ModelSettings, Settings
from noria.gateway.workers import Workers
from noria.ports import Clock

logger = logging.getLogger(__name__)

TICK = 0.02
DRAIN = 40.0
"""Seconds that the workers have to end after SIGTERM; they cut their clients off before."""
LAST = 5.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def run(settings: Settings, clock: Clock) -> None:
    """Serve until SIGTERM or SIGINT, then answer what is in flight and return; SIGHUP replaces the workers.

    Raises:
        Unavailable: the port is in use, or another gateway serves one of the models.
        ProjectError: the settings forbid it, or two models have one name.
    """
    listener = listen.bind(settings)
    locks = [_lock(model) for model in _distinct(settings.models)]
    sockets = Path(tempfile.mkdtemp(prefix="noria-"))  # a Unix socket's path has at most 107 characters
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # they wait for `sigtimedwait`
    try:
        Keeper(settings, clock, listener, sockets).run()
    finally:
        for lock in locks:
            lock.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        shutil.rmtree(sockets, ignore_errors=True)


class Keeper:
    """One loop that looks after every process, each TICK seconds."""

    def __init__(self, settings: Settings, clock: Clock, listener: socket.socket, sockets: Path) -> None:
        self._settings = settings
        self._clock = clock
        self._listener = listener
        self._homes = [model.home / "gateway" for model in settings.models]
        self._hosts = [Hosts(model, sockets) for model in settings.models]
        self._workers = Workers(settings.workers, self._serve, self._ready)

    def run(self) -> None:
        for home in self._homes:
            for path in (*home.glob("ready-*.json"), *home.glob("metrics-*")):  # of workers that are no more
                path.unlink()
        self._warm_up()
        while (number := self._wait()) not in (signal.SIGTERM, signal.SIGINT):
            if number == signal.SIGHUP:
                self._workers.replace_all()
            self._workers.tend()
        self._listener.close()
        self._workers.end()
        self._stop()

    def _warm_up(self) -> None:
        """Import what workers need, while the hosts load: a fork of this process then serves at once."""
        for hosts in self._hosts:
            hosts.tend()
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process with threads is not to be forked
        from noria.gateway import app  # noqa: F401

        gc.collect()
        gc.freeze()

    def _wait(self) -> int:
        """Look after the hosts, and return the next signal, or 0 when none comes in the time of a tick."""
        for hosts in self._hosts:
            hosts.tend()
        for number in self._workers.reap():
            for home in self._homes:
                files.ready_path(home, number).unlink(missing_ok=True)
        found = signal.sigtimedwait(_SIGNALS, TICK)
        return found.si_signo if found else 0

    def _stop(self) -> None:
        """Wait until the workers have answered all that was in flight; then end the hosts."""
        deadline = monotonic() + DRAIN
        while not self._workers.none:
            if monotonic() > deadline:
                self._workers.end(signal.SIGKILL)
            self._wait()
        deadline = monotonic() + LAST
        for hosts in self._hosts:
            hosts.end()
        while monotonic() < deadline and not all(hosts.gone() for hosts in self._hosts):
            signal.sigtimedwait(_SIGNALS, TICK)

    def _serve(self, number: int) -> None:
        from noria.gateway import app

        app.run(self._settings, number, self._listener, self._clock)

    def _ready(self, number: int, pid: int) -> bool:
        """Return whether a worker serves every model that has a plan."""
        planned = [home for home in self._homes if files.stamp(home / "plan.json")]
        said = (files.read_ready(home) for home in planned)
        return all(any(each.pid == pid and each.plan is not None for each in ready) for ready in said)


def _distinct(models: Sequence[ModelSettings]) -> Sequence[ModelSettings]:
    names = [model.name for model in models]
    for name in names:
        if names.count(name) > 1:
            raise ProjectError((f"model.name: {names.count(name)} of the projects call their model {name}",))
    return models


def _lock(model: ModelSettings) -> IO[str]:
    """Lock a model's files: the segments of two gateways would have the same names.

    No process inherits the lock, so it ends with the keeper.
    """
    path = model.home / "gateway" / "keeper.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise Unavailable(f"another gateway serves {model.name} already", hint="noria status") from None
    return file
