"""One client over HTTP/1.1, as an asyncio protocol.

Every phase has a deadline: headers, body, the next request, a reader who does not read. Pipelined requests
are answered one after the other, in order. A request that is refused on its way is answered, and its
connection closed, before the rest of it is kept in memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import cast

from noria.errors import RequestError
from noria.gateway.http.incoming import NEVER, Incoming
from noria.gateway.http.messages import Request, Response, encode
from noria.gateway.http.pool import Pool

logger = logging.getLogger(__name__)

MAX_PIPELINED = 16
"""Requests that wait for the answer before theirs, from which on no more is read."""
MAX_READ = 64
"""Requests that may wait because one read brought them; with more of them the connection ends."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOBODY: deque[tuple[Request, bool, bool]] = deque(maxlen=0)


class Connection(asyncio.Protocol):
    """One client. `deadline` is the monotonic time by which it has to ask, to read or to go."""

    __slots__ = (
        *("deadline", "_pool", "_limits", "_incoming", "_transport"),
        *("_waiting", "_busy", "_answering", "_keep", "_bare", "_unread", "_refused"),
    )

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._limits = pool.limits
        self._incoming = Incoming(pool, self._arrived)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._waiting = _NOBODY  # most clients never pipeline
        self._busy = self._keep = self._bare = self._refused = False
        self._answering = self._unread = 0
        self.deadline = monotonic() + pool.limits.header

    @property
    def idle(self) -> bool:
        return not self._busy and self._incoming.deadline == NEVER

    def overdue(self, now: float) -> bool:
        arriving = self._incoming.deadline
        if arriving == NEVER or self._unread or self._refused:
            return self.deadline < now
        return arriving < now

    # --- what the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        self._incoming.peer = name[0] if isinstance(name, tuple) else ""
        connections = self._pool.connections
        connections.add(self)
        over = len(connections) - self._limits.connections
        if over > self._limits.connections // 8:
            self._transport.abort()
        elif over > 0:
            self._refuse(503, "too many connections are open")

    def connection_lost(self, exc: Exception | None) -> None:
        self._pool.connections.discard(self)
        self._pool.held -= self._unread
        self._unread = 0
        self._drop()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        try:
            self._incoming.feed(data)
        except RequestError as error:
            self._refuse(error.status, error.message)
        if self._incoming.asks and not self._busy:
            self._incoming.asks = False
            self._transport.write(_CONTINUE)

    def eof_received(self) -> bool:
        # A client that has only shut its own side still gets its answers; TLS knows no such half.
        return not self._pool.secure and (self._busy or bool(self._waiting))

    def pause_writing(self) -> None:
        self._transport.pause_reading()
        self._unread = self._transport.get_write_buffer_size()
        self._pool.held += self._unread
        self.deadline = monotonic() + self._limits.write

    def resume_writing(self) -> None:
        self._pool.held -= self._unread
        self._unread = 0
        self.deadline = monotonic() + self._limits.idle
        self._next()

    # --- answering

    def _arrived(self, request: Request, keep: bool, bare: bool) -> None:
        if self._refused:  # the answer before it, in the same read, was the last
            self._pool.held -= len(request.body)
        elif self._busy or self._unread:
            self._queue(request, keep, bare)
        else:
            self._start(request, keep, bare)

    def _queue(self, request: Request, keep: bool, bare: bool) -> None:
        if self._waiting is _NOBODY:
            self._waiting = deque()
        self._waiting.append((request, keep, bare))
        if len(self._waiting) == MAX_PIPELINED:
            self._transport.pause_reading()
        elif len(self._waiting) > MAX_READ:
            raise RequestError(503, "too many requests are pipelined")

    def _start(self, request: Request, keep: bool, bare: bool) -> None:
        self._busy, self._keep, self._bare = True, keep, bare
        self._answering = len(request.body)
        self.deadline = NEVER  # from here on the model's deadline counts
        handler = self._pool.handler
        try:
            handler.handle(request, self._reply)
        except Exception:
            logger.exception("the answer to %s %s failed", request.method, request.path)
            self._reply(handler.refuse(request.path, 500, "noria itself failed; its log says why"))

    def _reply(self, response: Response) -> None:
        self._busy = False
        self._pool.held -= self._answering
        if self._transport.is_closing():
            return
        keep = self._keep and not self._pool.closing
        self.deadline = monotonic() + self._limits.idle
        self._transport.write(encode(response, keep=keep, bare=self._bare, always=self._pool.always))
        if keep:
            self._next()
        else:
            self.close()

    def _next(self) -> None:
        """Go on with what waits, unless the client has yet to read what it got."""
        if not (self._unread or self._busy or self._refused):
            self._transport.resume_reading()
            if self._waiting:
                self._start(*self._waiting.popleft())

    # --- ending

    def cut(self) -> None:
        """End a connection that is past its deadline; one with half a request is told so."""
        if self._refused or self._unread or self._incoming.deadline == NEVER:
            self._transport.abort()
        else:
            self._refuse(408, "the request did not arrive in time")

    def close(self) -> None:
        self._drop()
        self.deadline = monotonic() + self._limits.write
        self._transport.close()

    def _refuse(self, status: int, message: str) -> None:
        if self._refused:
            return
        response = self._pool.handler.refuse(self._incoming.path, status, message)
        self._drop()
        if self._busy:  # the answer before this one is the last, and says so
            self._keep = False
            return
        self._transport.write(encode(response, keep=False, always=self._pool.always))
        self.deadline = monotonic() + self._limits.linger

    def _drop(self) -> None:
        """Forget what came and is not being answered; take no more."""
        self._refused = True
        self._incoming.drop()
        self._pool.held -= sum(len(request.body) for request, *_ in self._waiting)
        self._waiting = _NOBODY
