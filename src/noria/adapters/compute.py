"""Runs jobs in child processes, forked from a worker that has imported the heavy libraries already.

The heavy imports of a training take 4 to 6 seconds; a fork of a process that has them takes milliseconds.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from noria import errors
from noria.errors import JobKilled, JobRaised, JobTimedOut, NoriaError, Unavailable

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
"""The environment variables by which libraries are told how many threads to use."""
_SHOWN = 15
"""The lines of a job's log that an error carries."""


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workshop:
    """Runs one job at a time. The worker starts with the first job and ends after `idle` seconds without one.

    Nothing outlives its caller: when the caller's process ends, however it ends, so do the worker and the
    job with all that it started.
    """

    def __init__(self, *, idle: float = 300.0) -> None:
        self._idle = idle
        self._turn = threading.Lock()
        self._worker: _Worker | None = None

    def call(
        self,
        function: str,
        payload: Any,
        *,
        log: Path,
        timeout: float,
        preload: Sequence[str] = (),
        cwd: Path | None = None,
    ) -> Any:
        """Return what `function` ("module:name") returns for `payload`, a JSON value.

        The function may return dataclasses; they come back as dicts.
        What the job prints is appended to `log`, at most 1 MB of it: the beginning and the end. The worker
        imports the modules in `preload` and keeps them for later jobs. `timeout` is in seconds.

        Raises:
            NoriaError: the job raised it; it comes back as the same class.
            JobRaised: the job raised anything else, or ended without a result.
            JobTimedOut: it took longer than `timeout`, and was killed with all that it started.
            JobKilled: a signal ended it.
        """
        job = {"function": function, "payload": payload, "log": str(log.absolute())}
        job |= {"preload": list(preload), "cwd": str(cwd or Path.cwd())}
        log.parent.mkdir(parents=True, exist_ok=True)
        with self._turn:
            outcome = self._start(job).outcome(time.monotonic() + timeout)
        return _result(outcome, function, log, timeout)

    def close(self) -> None:
        """End the worker, and with it a job that runs."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def _start(self, job: dict[str, Any]) -> _Worker:
        """Hand the job to the worker; to a new one, if the old one has ended meanwhile."""
        for _ in range(2):
            if self._worker is None:
                self._worker = _Worker(self._idle)
            with suppress(OSError, EOFError):
                self._worker.start(job)
                return self._worker
            self.close()
        raise Unavailable(
            "the process that starts jobs ends at once; its error is above", hint="noria doctor"
        )


class _Worker:
    """The warm process, `noria.adapters.worker`: a line of JSON for a job, lines of JSON back."""

    def __init__(self, idle: float) -> None:
        self._socket, theirs = socket.socketpair()
        self._received = b""
        self._job = 0
        with theirs:
            # A session of its own: Ctrl-C reaches the caller alone, who then ends the worker.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "noria.adapters.worker", str(idle)],
                stdin=theirs.fileno(),
                start_new_session=True,
                env={**_threads(), **os.environ},
            )

    def start(self, job: dict[str, Any]) -> None:
        self._socket.sendall(json.dumps(job).encode() + b"\n")
        self._job = self._line()["pid"]

    def outcome(self, deadline: float) -> dict[str, Any]:
        """Return how the job ended. A job that is not done at the deadline is killed."""
        try:
            return self._line(deadline)
        except TimeoutError:
            self._socket.sendall(b"kill\n")
            return self._line() | {"timed_out": True}
        except (OSError, EOFError):
            # The worker was killed, and cannot end what the job has started.
            with suppress(ProcessLookupError):
                os.killpg(self._job, signal.SIGKILL)
            return {"signal": signal.SIGKILL, "megabytes": 0}

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._process.wait()
        self._socket.close()

    def _line(self, deadline: float | None = None) -> dict[str, Any]:
        while b"\n" not in self._received:
            seconds = None if deadline is None else max(deadline - time.monotonic(), 0)
            if not select.select([self._socket], [], [], seconds)[0]:
                raise TimeoutError
            chunk = self._socket.recv(65536)
            if not chunk:
                raise EOFError
            self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        return dict(json.loads(line))


def _threads() -> dict[str, str]:
    """Return the environment in which OpenMP, BLAS and Polars use all processors.

    How OpenMP's threads wait is left as it is: with `OMP_WAIT_POLICY=passive`, a LightGBM training on two
    cores took half as long again, as it waits ten thousand times.
    """
    return dict.fromkeys(THREADS, str(processors()))


def _result(outcome: dict[str, Any], function: str, log: Path, timeout: float) -> Any:
    """Return the job's value, or raise what its outcome says."""
    job = function.rpartition(":")[2]
    result = outcome.get("result", {})
    if "value" in result and not outcome["signal"]:
        return result["value"]
    said = _end_of(log)
    if outcome.get("timed_out"):
        raise JobTimedOut(f"the job {job} took more than {timeout:g} s and was ended", log=said)
    if number := outcome["signal"]:
        memory = f"; it held up to {outcome['megabytes']} MB, and the kernel ends what takes too much memory"
        cause = memory if number == signal.SIGKILL else ""
        raise JobKilled(f"the job {job} was ended by {signal.Signals(number).name}{cause}", log=said)
    if "raised" in result:
        raise _restored(result["raised"], said)
    code = outcome["exit"]
    raise JobRaised(f"the job {job} ended by itself with exit code {code} and no result", log=said)


def _end_of(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - 2**14, 0))
        return "\n".join(file.read(2**14).decode(errors="replace").splitlines()[-_SHOWN:])


def _restored(raised: dict[str, Any], said: str) -> NoriaError:
    """Return a NoriaError of the job as the same class, anything else as JobRaised."""
    kind = getattr(errors, raised["class"], None)
    if kind is None:
        return JobRaised(raised["text"], log=said)
    error: NoriaError = kind.__new__(kind, raised["facts"]["message"])
    vars(error).update(raised["facts"])
    return error
