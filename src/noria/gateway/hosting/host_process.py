"""One process of one version, as the keeper starts, watches and ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from noria.gateway.files import Release

OUT_OF_MEMORY = 77
"""What a process ends with when its model asks for more memory than it may have."""
START_TIMEOUT = 60.0
LINGER = 45.0
"""Seconds that a process which is not needed any more may take to answer its last calls."""

_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class HostProcess:
    """A started host; `spec` is its artifact's once it is ready, `fault` says why it could not be."""

    def __init__(self, release: Release, key: Path, copies: Path, socket: Path, *, memory: int) -> None:
        """Start it. The artifact is signed by the public key in the file `key`, if there is one.

        It keeps its copy of the artifact in `copies`; `memory` is its limit in bytes.
        """
        self.socket = str(socket)
        self.spec: dict[str, Any] | None = None
        self.fault = ""
        self.first_memory = 0
        self._said = b""
        self._deadline = monotonic() + START_TIMEOUT
        self._popen = subprocess.Popen(
            [
                *(sys.executable, "-m", "noria.gateway.hosting.host"),
                *("--artifact", release.artifact, "--digest", release.digest),
                *("--key", str(key), "--copies", str(copies)),
                *("--socket", self.socket, "--memory", str(memory)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=_environment(),
            process_group=0,  # what a model forks ends with it
        )
        assert self._popen.stdout is not None
        self._stdout = self._popen.stdout
        os.set_blocking(self._stdout.fileno(), False)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def how_it_ended(self) -> str:
        code = self._popen.returncode
        if code == OUT_OF_MEMORY:
            return "its process ran out of memory"
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        return f"its process {how}"

    def listen(self) -> None:
        """Take in what it says of its readiness; end it when it says nothing for too long."""
        if self.spec is not None or self.fault:
            return
        self._said += self._stdout.read() or b""
        if self._said.endswith(b"\n"):
            message = msgspec.json.decode(self._said)
            self.fault = message.get("failed", "")
            self.spec = message.get("ready")
            self.first_memory = self.memory()
        elif not self.alive:
            self.fault = f"{self.how_it_ended} on loading it"
        elif monotonic() > self._deadline:
            self.fault = f"the model was not loaded within {START_TIMEOUT:g} s"
            self.kill()

    def memory(self) -> int:
        """Return the bytes that it holds (RSS), 0 when it has ended."""
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_bytes().split()[1]) * _PAGE
        except (FileNotFoundError, ProcessLookupError):
            return 0

    def retire(self) -> None:
        """Let it end once nobody is connected to it any more."""
        self._deadline = monotonic() + LINGER
        self._popen.terminate()

    def gone(self) -> bool:
        """Return whether it has ended since it was retired; it is killed when that takes too long."""
        if self.alive and monotonic() > self._deadline:
            self.kill()
        return not self.alive

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()

    def clean_up(self) -> None:
        """End what the model has forked, and remove the socket."""
        self._stdout.close()
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        Path(self.socket).unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    """Return what a model may know: no secret that noria itself was given."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | dict.fromkeys(_ONE_THREAD, "1")
