"""The hosts of a model's versions, as the keeper has them: those that the plan or a worker needs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

from noria.artifact.signature import public_key
from noria.gateway import files
from noria.gateway.files import HostState, PlanFile
from noria.gateway.hosting.host_process import HostProcess
from noria.gateway.hosting.lifecycle import Host
from noria.gateway.settings import ModelSettings

logger = logging.getLogger(__name__)

_numbers = count()  # of sockets: each process has one of its own


class Hosts:
    """The hosts that a model's plan names, and those that a worker still uses."""

    def __init__(self, settings: ModelSettings, sockets: Path) -> None:
        """Follow the plan in the model's home; the hosts listen in the directory `sockets`."""
        self._directory = settings.home / "gateway"
        self._key = public_key(settings.home)
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
        return lambda: HostProcess(
            release, self._key, copies, self._sockets / str(next(_numbers)), memory=self._memory
        )

    def _leave(self, name: str) -> None:
        host = self._hosts.pop(name)
        host.end()
        self._leaving.append(host)
