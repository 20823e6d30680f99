"""The gateway's side of a host: one process per version, started, called, watched, restarted, stopped."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, cast

import msgspec

from noria.errors import ArtifactError, RequestError
from noria.gateway import frames

logger = logging.getLogger(__name__)

Done = Callable[[frames.Reply | RequestError], None]

START_TIMEOUT = 60.0
CRASH_WINDOW = 60.0
BACK_OFF = (0.0, 0.2, 1.0, 5.0, 15.0)
"""Seconds before a restart, by the number of crashes in the last CRASH_WINDOW seconds."""

_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Host:
    """The process of one version, one call at a time; `on_change` is called when it goes up or down."""

    def __init__(self, artifact: Path, digest: str, sockets: Path, *, deadline: float) -> None:
        """Prepare a host for a verified artifact. `deadline` is in seconds per call."""
        self._artifact = artifact
        self._digest = digest
        self._sockets = sockets
        self._deadline = deadline
        self._starts = count()
        self._crashes: deque[float] = deque(maxlen=len(BACK_OFF) - 1)
        self._process: Process | None = None
        self._link: _Link | None = None
        self._done: Done | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._restart: asyncio.Task[None] | None = None
        self._stopped = False
        self.spec: dict[str, Any] = {}
        self.on_change: Callable[[], None] = lambda: None

    @property
    def up(self) -> bool:
        return self._link is not None

    @property
    def free(self) -> bool:
        return self._link is not None and self._done is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Return when the model is loaded and warm.

        Raises:
            ArtifactError: it could not be verified or loaded.
        """
        path = self._sockets / f"{self._digest[:12]}-{next(self._starts)}"
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "noria.gateway.host"),
            *("--artifact", str(self._artifact), "--digest", self._digest, "--socket", str(path)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            env=_environment(),
        )
        try:
            self.spec = await self._readiness(self._process)
            loop = asyncio.get_running_loop()
            await loop.create_unix_connection(lambda: _Link(self), str(path))
        except BaseException:
            await _kill(self._process)
            raise
        finally:
            path.unlink(missing_ok=True)

    def call(self, payload: bytes, done: Done) -> None:
        """Send the columns of a micro-batch to a free host; `done` gets the reply.

        It gets a RequestError instead when the host dies (503) or is killed at its deadline (504).
        """
        assert self._link is not None
        self._done = done
        self._timer = asyncio.get_running_loop().call_later(self._deadline, self._overdue)
        self._link.transport.write(frames.frame(payload))

    async def stop(self) -> None:
        self._stopped = True
        if self._restart:
            self._restart.cancel()
        if self._process:
            await _kill(self._process)

    # --- what the link says

    def linked(self, link: _Link) -> None:
        self._link = link
        self.on_change()

    def replied(self, payload: bytes) -> None:
        try:
            reply: frames.Reply | RequestError = frames.decode_reply(payload)
        except msgspec.DecodeError as error:
            reply = RequestError(500, f"the host of the model answered nonsense: {error}")
        self._settle(reply)

    def lost(self) -> None:
        self._link = None
        self._crashes.append(monotonic())
        self._settle(RequestError(503, "the model's process died"))
        self.on_change()
        if not self._stopped:
            self._restart = asyncio.get_running_loop().create_task(self._start_again())

    # --- inside

    async def _readiness(self, process: Process) -> dict[str, Any]:
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), START_TIMEOUT)
        except TimeoutError:
            raise ArtifactError(f"the model was not loaded within {START_TIMEOUT:g} s") from None
        message: dict[str, Any] = msgspec.json.decode(line or b'{"failed": "its process died on loading it"}')
        if "failed" in message:
            raise ArtifactError(message["failed"])
        return cast("dict[str, Any]", message["ready"])

    async def _start_again(self) -> None:
        while True:
            recent = sum(crash > monotonic() - CRASH_WINDOW for crash in self._crashes)
            await asyncio.sleep(BACK_OFF[max(recent - 1, 0)])
            logger.warning("the host of %s starts again after %d crashes", self._digest[:12], recent)
            try:
                return await self.start()
            except (ArtifactError, OSError) as error:
                self._crashes.append(monotonic())
                logger.error("the host of %s did not start: %s", self._digest[:12], error)

    def _overdue(self) -> None:
        logger.error("the host of %s is killed: no answer in %g s", self._digest[:12], self._deadline)
        link, self._link = self._link, None
        self._settle(RequestError(504, f"the model did not answer within {self._deadline:g} s"))
        if link:
            link.transport.abort()
        if self._process:
            with suppress(ProcessLookupError):
                self._process.kill()

    def _settle(self, reply: frames.Reply | RequestError) -> None:
        done, self._done = self._done, None
        if self._timer:
            self._timer.cancel()
        if done:
            done(reply)


class _Link(asyncio.Protocol):
    """The connection to a host's process: it puts frames together."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)
        self._host.linked(self)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        size = frames.HEADER.size
        if len(self._buffer) < size:
            return
        end = size + frames.HEADER.unpack_from(self._buffer)[0]
        if len(self._buffer) >= end:
            payload, self._buffer = self._buffer[size:end], self._buffer[end:]
            self._host.replied(payload)

    def connection_lost(self, exc: Exception | None) -> None:
        self._host.lost()


def _environment() -> dict[str, str]:
    """Return what a model may know: no secret that noria itself was given."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | dict.fromkeys(_ONE_THREAD, "1")


async def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
