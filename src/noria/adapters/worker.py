"""The warm process of a workshop: imports the heavy libraries once, and forks a child for each job.

It starts no thread and uses nothing of what it imported, so that a fork copies no lock that another holds.
Started by `noria.adapters.compute` with a socket as standard input: a line of JSON comes for each job, a line
goes back with the child's process id, and one with how it ended. When the socket closes, all ends.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import tempfile
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NoReturn

import msgspec

from noria.errors import NoriaError

NICE = 5
"""How much the gateway goes before a job where both want the processor."""

HALF = 2**19
"""The bytes that are kept of the beginning of a job's log, and of its end."""

_PR_SET_PDEATHSIG = 1


def main(idle: float) -> None:
    """Serve jobs until the socket closes, or none came for `idle` seconds."""
    caller = socket.socket(fileno=os.dup(0))
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    os.nice(NICE)
    # Python warns of forks beside threads. Those of OpenBLAS and of allocators here allow for forks.
    warnings.filterwarnings("ignore", message=".*use of fork", category=DeprecationWarning)
    awake, wake = socket.socketpair()
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    lines = caller.makefile("rb")
    while select.select([caller], [], [], idle)[0] and (line := lines.readline()):
        _serve(json.loads(line), caller, awake)


def _serve(job: dict[str, Any], caller: socket.socket, awake: socket.socket) -> None:
    for module in job["preload"]:
        # What cannot be imported here fails again in the job, and is reported there.
        with suppress(Exception):
            importlib.import_module(module)
    output, printed = os.pipe()
    worker = os.getpid()
    with tempfile.TemporaryFile("w+") as result, _Log(Path(job["log"])) as log:
        pid = os.fork()
        if pid == 0:
            os.close(caller.detach())
            _child(job, worker, printed, result)
        with suppress(OSError):  # the child has done it already
            os.setpgid(pid, pid)
        os.close(printed)
        _send(caller, {"pid": pid})
        ended = _attend(pid, caller, awake, output, log)
        result.seek(0)
        ended["result"] = json.loads(result.read() or "{}")
    os.close(output)
    _send(caller, ended)


def _attend(pid: int, caller: socket.socket, awake: socket.socket, output: int, log: _Log) -> dict[str, Any]:
    """Copy to the log what the job prints, until it has ended and all is ended that it started; say how."""
    os.set_blocking(output, False)
    sources: list[Any] = [caller, awake, output]
    while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        ready = select.select(sources, [], [])[0]
        if awake in ready:
            awake.recv(64)
        if output in ready and not log.copy(output):
            sources.remove(output)
        if caller in ready:
            command = caller.recv(64)
            os.killpg(pid, signal.SIGKILL)
            if not command:
                os._exit(0)
    # Until it is waited for, the ended job holds its number, so this cannot hit a stranger's group.
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    while log.copy(output):
        pass
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return {"exit": code, "signal": max(-code, 0), "megabytes": usage.ru_maxrss // 1024}


def _send(caller: socket.socket, message: dict[str, Any]) -> None:
    caller.sendall(json.dumps(message).encode() + b"\n")


class _Log:
    """A file that gets the first and the last half megabyte of what is copied to it.

    A full disk loses the log, not the job.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._room = HALF
        self._tail = bytearray()
        self._left_out = 0

    def __enter__(self) -> _Log:
        return self

    def __exit__(self, *_: object) -> None:
        self._shorten(HALF)
        if self._left_out:
            self._write(f"\n... {self._left_out:,} bytes left out ...\n".encode())
        self._write(self._tail)
        self._file.close()

    def copy(self, source: int) -> bool:
        """Copy what can be read at once; say whether there was anything."""
        try:
            chunk = os.read(source, 2**16)
        except BlockingIOError:
            return False
        self._write(chunk[: self._room])
        self._tail += chunk[self._room :]
        self._room = max(self._room - len(chunk), 0)
        if len(self._tail) > 4 * HALF:
            self._shorten(HALF)
        return bool(chunk)

    def _write(self, content: bytes | bytearray) -> None:
        with suppress(OSError):
            self._file.write(content)

    def _shorten(self, size: int) -> None:
        excess = max(len(self._tail) - size, 0)
        del self._tail[:excess]
        self._left_out += excess


# --- in the child ---


def _child(job: dict[str, Any], worker: int, printed: int, result: IO[str]) -> NoReturn:
    code = 1
    try:
        _settle(job, worker, printed)
        result.write(json.dumps(_outcome(job)))
        result.flush()
        sys.stdout.flush()
        code = 0
    finally:
        os._exit(code)


def _settle(job: dict[str, Any], worker: int, printed: int) -> None:
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != worker:
        os._exit(1)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    os.close(printed)
    os.chdir(job["cwd"])
    # What a job printed before it was killed is in its log.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    # A fork would repeat the random numbers of every job before.
    random.seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()


def _outcome(job: dict[str, Any]) -> dict[str, Any]:
    module, _, name = job["function"].partition(":")
    try:
        value = getattr(importlib.import_module(module), name)(job["payload"])
        return {"value": msgspec.to_builtins(value)}
    except BaseException as error:
        traceback.print_exc()
        text = "; ".join(
            [f"{type(error).__name__}: {error}{_place(error, job['cwd'])}", *getattr(error, "__notes__", [])]
        )
        is_ours = isinstance(error, NoriaError)
        facts = json.loads(json.dumps(vars(error), default=str))
        return {"raised": {"class": type(error).__name__ if is_ours else "", "text": text, "facts": facts}}


def _place(error: BaseException, directory: str) -> str:
    """Return where in the project's own code the error arose, or nothing."""
    files = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    own = [
        f" ({file.name}, line {line})"
        for file, line in files
        if file.is_relative_to(directory) and "site-packages" not in file.parts
    ]
    return own[-1] if own else ""


if __name__ == "__main__":
    with suppress(ConnectionError):  # the caller was killed: there is nobody left to serve
        main(float(sys.argv[1]))
    os._exit(0)  # to take apart all that was imported takes a second
