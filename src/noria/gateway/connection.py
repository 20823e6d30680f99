"""HTTP/1.1 at the gateway's speed: httptools parses, and a connection is one asyncio protocol.

Every phase of a connection has a deadline: headers, body, the next request, a reader who does not read.
Pipelined requests are answered one after the other, in order. A request that is refused on its way is
answered, and its connection closed, before the rest of it is kept in memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import cast

import httptools

from noria.errors import RequestError
from noria.gateway.http import Handler, Limits, Request, Response, check_head, encode, target, too_large

logger = logging.getLogger(__name__)

MAX_HEAD = 64 * 2**10
MAX_PIPELINED = 16
"""Requests that wait for the answer before theirs, from which on no more is read."""
MAX_READ = 64
"""Requests that may wait because one read brought them; with more of them the connection ends."""
SMALL = 64 * 2**10
"""Bytes of a body that is taken even when bodies fill the memory meant for them."""

_LARGE_HEAD = f"the headers are larger than {MAX_HEAD} bytes"
_ONLY_TLS = b"strict-transport-security: max-age=31536000\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOBODY: deque[tuple[Request, bool, bool]] = deque(maxlen=0)


class Pool:
    """What the connections of a server share; `secure` says that they speak TLS."""

    def __init__(self, handler: Handler, limits: Limits, *, secure: bool = False) -> None:
        self.handler = handler
        self.limits = limits
        self.secure = secure
        self.always = _ONLY_TLS if secure else b""
        self.connections: set[Connection] = set()
        self.held = 0
        self.closing = False


class Connection(asyncio.Protocol):
    """One client. `deadline` is the monotonic time by which its present phase has to end."""

    __slots__ = (
        *("deadline", "_pool", "_limits", "_parser", "_transport", "_peer"),
        *("_url", "_headers", "_body", "_head_size", "_held", "_in_head", "_in_body", "_old"),
        *("_waiting", "_busy", "_answering", "_keep", "_bare", "_unread", "_refused"),
    )

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._limits = pool.limits
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._waiting = _NOBODY  # most clients never pipeline
        self._busy = self._in_head = self._in_body = self._refused = self._old = False
        self._keep = self._bare = False
        self._head_size = self._answering = self._held = self._unread = 0
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: bytes | bytearray = b""
        self.deadline = monotonic() + self._limits.header

    @property
    def idle(self) -> bool:
        return not (self._busy or self._in_head or self._in_body)

    # --- what the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        self._peer: str = name[0] if isinstance(name, tuple) else ""
        connections = self._pool.connections
        connections.add(self)
        over = len(connections) - self._limits.connections
        if over > self._limits.connections // 8:
            self._transport.abort()
        elif over > 0:
            self._refuse(503, "too many connections are open")

    def connection_lost(self, exc: Exception | None) -> None:
        self._pool.connections.discard(self)
        self._refused = True
        self._unread = 0
        self._drop()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        half, size = self._in_head, self._head_size
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            self._refuse_for(error)
        if half and self._in_head:  # one long header may come in many reads
            self._head_size = size + len(data)
            if self._head_size > MAX_HEAD:
                self._refuse(431, _LARGE_HEAD)

    def eof_received(self) -> bool:
        # A client that has only shut its own side still gets its answers; TLS knows no such half.
        return not self._pool.secure and (self._busy or bool(self._waiting))

    def pause_writing(self) -> None:
        self._transport.pause_reading()
        self._unread = self._transport.get_write_buffer_size()
        self._hold(self._unread)
        self.deadline = monotonic() + self._limits.write

    def resume_writing(self) -> None:
        self._hold(-self._unread)
        self._unread = 0
        self.deadline = monotonic() + (self._limits.idle if self.idle else self._limits.body)
        self._next()

    def _feed(self, data: bytes | memoryview) -> None:
        while True:
            try:
                return self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:  # the offer is passed over, what follows is not
                data = memoryview(data)[upgrade.args[0] :]
                self._parser = httptools.HttpRequestParser(self)

    # --- what the parser says

    def on_message_begin(self) -> None:
        self._head_size = 0
        self._in_head = True
        self.deadline = monotonic() + self._limits.header

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._head_size += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:  # a trailer is no header
            return
        self._head_size += len(name) + len(value) + 32  # a small header costs more than its bytes
        if self._head_size > MAX_HEAD:
            raise RequestError(431, _LARGE_HEAD)
        name = name.lower()
        known = self._headers.get(name)
        self._headers[name] = value if known is None else known + b", " + value

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body = False, True
        version = self._parser.get_http_version()
        check_head(version, self._headers, self._limits)
        self._old = version == "1.0"
        self.deadline = monotonic() + self._limits.body
        if b"expect" in self._headers and not self._busy and not self._old:
            self._transport.write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        self._hold(len(body))
        if not self._body:  # most bodies come in one piece
            self._body = body
            size = len(body)
        else:
            if isinstance(self._body, bytes):
                self._body = bytearray(self._body)
            self._body += body
            size = len(self._body)
        if size > self._limits.max_body:
            raise too_large(self._limits)
        if self._pool.held > self._limits.held and size > SMALL:
            raise RequestError(503, "too many large bodies are on their way")

    def on_message_complete(self) -> None:
        self._in_body = False
        if self._refused:  # by the answer before it, in the same read
            return
        path, query = target(self._url)
        method = self._parser.get_method()
        bare = method == b"HEAD"
        method = b"GET" if bare else method
        request = Request(method, path, query, self._headers, bytes(self._body), self._peer)
        keep = not self._old and self._parser.should_keep_alive()
        self._forget()
        if self._busy or self._unread:
            self._queue(request, keep, bare)
        else:
            self._start(request, keep, bare)

    # --- answering

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
        if not (self._in_head or self._in_body):
            self.deadline = float("inf")  # from here on the model's deadline counts
        handler = self._pool.handler
        try:
            handler.handle(request, self._reply)
        except Exception:
            logger.exception("the answer to %s %s failed", request.method, request.path)
            self._reply(handler.refuse(request.path, 500, "noria itself failed; its log says why"))

    def _reply(self, response: Response) -> None:
        self._busy = False
        self._hold(-self._answering)
        if self._transport.is_closing():
            return
        keep = self._keep and not self._pool.closing
        if not (self._in_head or self._in_body):
            self.deadline = monotonic() + self._limits.idle
        self._transport.write(encode(response, keep=keep, bare=self._bare, always=self._pool.always))
        if keep:
            self._next()
        else:
            self.close()

    def _next(self) -> None:
        """Go on with what waits, unless the client has yet to read what it got."""
        if self._unread or self._busy or self._refused:
            return
        self._transport.resume_reading()
        if self._waiting:
            self._start(*self._waiting.popleft())

    # --- ending

    def cut(self) -> None:
        """End a connection that is past its deadline; one with half a request is told so."""
        if not self._refused and (self._in_head or self._in_body):
            self._refuse(408, "the request did not arrive in time")
        else:
            self._transport.abort()

    def close(self) -> None:
        self._refused = True
        self._drop()
        self.deadline = monotonic() + self._limits.write
        self._transport.close()

    def _refuse(self, status: int, message: str) -> None:
        if self._refused:
            return
        self._refused = True
        path = self._url.decode("latin-1").partition("?")[0]
        self._drop()
        if self._busy:  # the answer before this one is the last, and says so
            self._keep = False
            self.deadline = float("inf")
            return
        response = self._pool.handler.refuse(path, status, message)
        self._transport.write(encode(response, keep=False, always=self._pool.always))
        self.deadline = monotonic() + self._limits.linger

    def _refuse_for(self, error: httptools.HttpParserError) -> None:
        cause = error.__context__  # what one of the callbacks raised
        if isinstance(cause, RequestError):
            self._refuse(cause.status, cause.message)
        elif cause is not None:
            logger.error("a request could not be read", exc_info=cause)
            self._refuse(500, "noria itself failed; its log says why")
        else:
            self._refuse(400, f"this is not HTTP/1.1: {error}")

    def _drop(self) -> None:
        """Forget what came and is not being answered."""
        self._forget()
        self._waiting = _NOBODY
        self._hold(self._unread + (self._answering if self._busy else 0) - self._held)

    def _forget(self) -> None:
        self._url = self._body = b""
        self._headers = {}

    def _hold(self, size: int) -> None:
        self._held += size
        self._pool.held += size
