"""A worker's connection to the process of one version: one call at a time, each with a deadline."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from struct import Struct
from typing import Any, cast

import msgspec

from noria.errors import RequestError
from noria.gateway.files import HostState
from noria.gateway.hosting import frames

logger = logging.getLogger(__name__)

Done = Callable[[frames.Reply | RequestError], None]

MAX_REPLY = 64 * 2**20
"""Bytes of a reply from which on its host is killed: no answer to a request of the allowed size is larger."""

_CREDENTIALS = Struct("3i")  # pid, uid, gid: unix(7)


class Link:
    """The way to a version's process, wherever the keeper says that it listens at present.

    `deadline` is in seconds per call. `on_change` is called when the link goes up or down. `hopeless` says
    that the keeper does not try to start the process at present.
    """

    def __init__(self, name: str, *, deadline: float, workers: int) -> None:
        """Make a link that is down; so many `workers` share the process."""
        self.name = name
        self.spec: dict[str, Any] = {}
        self.hopeless = False
        self.on_change: Callable[[], None] = lambda: None
        self.deadline = deadline
        self._workers = workers
        self._socket = ""
        self._wire: _Wire | None = None
        self._next: _Wire | None = None
        self._killed_for = self._ended_by = ""
        self._done: Done | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def up(self) -> bool:
        return self._wire is not None

    @property
    def free(self) -> bool:
        return self._wire is not None and self._done is None

    @property
    def down(self) -> RequestError:
        """What somebody is told who asks while there is no process."""
        why = self._killed_for or self._ended_by
        return RequestError(
            503, f"the model's process is down: {why}" if why else "the model's process is down"
        )

    @property
    def pid(self) -> int | None:
        return self._wire.pid if self._wire else None

    async def follow(self, host: HostState) -> None:
        """Connect to where the host listens now; a call that is under way ends where it was begun.

        Raises:
            OSError: nobody listens there any more.
        """
        self.hopeless = host.hopeless
        self._ended_by = host.why
        if not host.socket or host.socket == self._socket:
            return
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.setblocking(False)
            connection.connect(host.socket)
            pid = _CREDENTIALS.unpack(
                connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            )[0]
        except OSError:
            connection.close()
            raise
        self._socket, self.spec = host.socket, host.spec
        await asyncio.get_running_loop().create_unix_connection(lambda: _Wire(self, pid), sock=connection)

    def call(self, payload: bytes, done: Done) -> None:
        """Send the columns of a micro-batch to a free host; `done` gets the reply.

        It gets a RequestError instead when the host dies (503) or is killed at its deadline (504).
        """
        assert self._wire is not None
        self._done = done
        # Until the host says that it has begun, the calls of the other workers may be what takes so long.
        self._start_timer(self.deadline * self._workers)
        self._wire.transport.write(frames.frame(payload))

    def close(self) -> None:
        for wire in (self._wire, self._next):
            if wire:
                wire.transport.close()
        self._wire = self._next = None

    # --- what a wire says

    def connected(self, wire: _Wire) -> None:
        if self._done:
            self._next = wire
            return
        old, self._wire = self._wire, wire
        self._killed_for = ""
        if old:
            old.transport.close()
        self.on_change()

    def begun(self) -> None:
        if self._done:
            self._start_timer(self.deadline)

    def replied(self, payload: bytes) -> None:
        try:
            reply: frames.Reply | RequestError = frames.decode_reply(payload)
        except msgspec.DecodeError as error:
            reply = RequestError(500, f"the host of the model answered nonsense: {error}")
        if self._next and self._wire:
            self._wire.transport.close()
            self._wire, self._next = self._next, None
        self._settle(reply)

    def overlong(self, size: int) -> None:
        self._kill(RequestError(500, f"the model answered with {size:,} bytes; {MAX_REPLY:,} are allowed"))

    def lost(self, wire: _Wire) -> None:
        if wire is self._next:
            self._next = None
        elif wire is self._wire:
            self._drop(RequestError(503, "the model's process died"))

    # --- inside

    def _start_timer(self, seconds: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._overdue)

    def _overdue(self) -> None:
        self._kill(RequestError(504, f"the model did not answer within {self.deadline:g} s"))

    def _kill(self, error: RequestError) -> None:
        if self._wire is None:
            return
        logger.error("the host %s is killed: %s", self.name, error.message)
        self._killed_for = error.message
        with suppress(ProcessLookupError):
            os.kill(self._wire.pid, signal.SIGKILL)
        self._wire.transport.abort()
        self._drop(error)

    def _drop(self, error: RequestError) -> None:
        self._wire, self._next = self._next, None
        self._settle(error)
        self.on_change()

    def _settle(self, reply: frames.Reply | RequestError) -> None:
        done, self._done = self._done, None
        if self._timer:
            self._timer.cancel()
        if done:
            done(reply)


class _Wire(asyncio.Protocol):
    """A connection to a process: it puts frames together."""

    def __init__(self, link: Link, pid: int) -> None:
        self.pid = pid
        self._link = link
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)
        self._link.connected(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        header = frames.HEADER.size
        while len(self._buffer) >= header:
            size = frames.HEADER.unpack_from(self._buffer)[0]
            if size > MAX_REPLY:
                self._buffer.clear()
                self._link.overlong(size)
            if len(self._buffer) < header + size:
                return
            payload = bytes(self._buffer[header : header + size])
            del self._buffer[: header + size]
            if size:
                self._link.replied(payload)
            else:
                self._link.begun()

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.lost(self)
