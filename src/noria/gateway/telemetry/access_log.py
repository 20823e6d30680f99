"""A line of JSON for each request, without its body and without secrets: `.noria/logs/access.jsonl`.

Lines are gathered and written by a thread ten times a second. All workers of a gateway append to one file;
when it is full it becomes `access.jsonl.1`, and the one before is removed.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic

import msgspec

from noria.gateway.access.tokens import Tokens
from noria.gateway.http.messages import Handler, Reply, Request, Response
from noria.gateway.telemetry import trace
from noria.ports import Clock

logger = logging.getLogger(__name__)

EVERY = 0.1
MAX_LINES = 50_000
"""Lines that wait for the disk; what comes beyond is not logged, and counted."""
MAX_PATH = 1024
_encode_lines = msgspec.json.Encoder().encode_lines


class Line(msgspec.Struct, frozen=True):
    """A request and its answer: `seconds` from the one to the other, `bytes` of the answer's body.

    `model` to `protocol` are "" for what is no prediction, as are ids that there are none of.
    """

    time: datetime
    peer: str
    token: str
    method: str
    path: str
    status: int
    seconds: float
    bytes: int
    model: str
    version: str
    role: str
    protocol: str
    request: str
    trace: str


class AccessLog:
    """Notes each request that is answered."""

    def __init__(self, inner: Handler, path: Path, tokens: Tokens, clock: Clock, size: int = 2**26) -> None:
        """Log to `path`, of at most about `size` bytes; a request's token is named after `tokens`."""
        self._inner = inner
        self._file = _File(path, size)
        self._tokens = tokens
        self._clock = clock
        self._lines: list[Line] = []
        self._dropped = 0

    def handle(self, request: Request, reply: Reply) -> None:
        self._inner.handle(request, partial(self._answer, request, reply, monotonic()))

    def refuse(self, path: str, status: int, message: str) -> Response:
        response = self._inner.refuse(path, status, message)
        self._note(Request(b"", path, "", {}, b""), response, 0.0)
        return response

    async def follow(self) -> None:
        """Write what has been gathered, for ever, and once more when cancelled."""
        try:
            while True:
                await asyncio.sleep(EVERY)
                if self._lines:
                    await asyncio.to_thread(self._write, *self._taken())
        finally:
            self._write(*self._taken())

    def _answer(self, request: Request, reply: Reply, started: float, response: Response) -> None:
        reply(response)
        self._note(request, response, monotonic() - started)

    def _note(self, request: Request, response: Response, seconds: float) -> None:
        if len(self._lines) >= MAX_LINES:
            self._dropped += 1
            return
        now = self._clock.now()
        token = self._tokens.find(request.headers, now)
        model, version, role, protocol = response.labels or ("", "", "", "")
        self._lines.append(
            Line(
                now,
                request.peer,
                token.name if token else "",
                request.method.decode("latin-1"),
                request.path[:MAX_PATH],
                response.status,
                round(seconds, 6),
                len(response.body),
                model,
                version,
                role,
                protocol,
                response.headers.partition(b"x-request-id: ")[2].partition(b"\r")[0].decode("latin-1"),
                request.headers.get(trace.HEADER, b"")[3:35].decode("latin-1"),
            )
        )

    def _taken(self) -> tuple[list[Line], int]:
        """Return what waits, and how many requests could not; from now on it is the caller's."""
        taken = self._lines, self._dropped
        self._lines, self._dropped = [], 0
        return taken

    def _write(self, lines: list[Line], dropped: int) -> None:
        try:
            self._file.append(_encode_lines(lines))
        except OSError as error:
            logger.error("%d lines of the access log are lost: %s", len(lines), error)
        if dropped:
            logger.error("%d requests are not in the access log: the disk is too slow", dropped)


class _File:
    """A file that several processes append to, and that is put aside when it is full."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._open()

    def append(self, content: bytes) -> None:
        if not self._is_newest():
            os.close(self._file)
            self._file = self._open()
        os.write(self._file, content)
        if os.fstat(self._file).st_size >= self._size:
            self._put_aside()

    def _put_aside(self) -> None:
        """Rename the file, unless another worker has just done so."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            if self._is_newest():
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _is_newest(self) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(self._path.stat(), os.fstat(self._file))
        return False

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
