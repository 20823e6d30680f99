"""HTTP/1.1 at the gateway's speed: httptools parses, and a connection is one asyncio protocol.

Every phase of a connection has a deadline: headers, body, the next request, a reader who does not read.
Pipelined requests are answered one after the other, in order. A request that is refused on its way is
answered, and its connection closed, before the rest of it is kept in memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from time import monotonic
from typing import Any, Protocol, cast

import httptools
import msgspec

logger = logging.getLogger(__name__)

JSON = b"application/json"
MAX_HEAD = 64 * 2**10
MAX_PIPELINED = 16

_LINES = {status: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


# These two are made for every request: a Struct costs a tenth of a frozen dataclass.
class Request(msgspec.Struct, frozen=True):
    """A whole request; the names of `headers` are in lower case."""

    method: bytes
    path: str
    query: str
    headers: dict[bytes, bytes]
    body: bytes


class Response(msgspec.Struct, frozen=True):
    """An answer; `headers` are whole lines, each with its CRLF.

    `labels` are what a prediction is counted under: model, version, role and protocol; () for other answers.
    """

    status: int
    body: bytes
    headers: bytes = b""
    content_type: bytes = JSON
    labels: tuple[str, ...] = ()


Reply = Callable[[Response], None]


class Handler(Protocol):
    """What answers requests: it calls `reply` once per request, now or later."""

    def handle(self, request: Request, reply: Reply) -> None: ...

    def refuse(self, path: str, status: int, message: str) -> Response:
        """Return the error in the form of the protocol that `path` belongs to."""
        ...


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that each phase of a connection may take, and the bytes that a body may have.

    `linger` is how long a refused client may still send, unread, so that it gets to see the refusal.
    `connections` are those that may be open at once.
    """

    header: float = 10.0
    body: float = 30.0
    idle: float = 75.0
    write: float = 30.0
    linger: float = 1.0
    max_body: int = 16 * 2**20
    connections: int = 10_000


class Server:
    """The open connections, and the watch over their deadlines."""

    def __init__(self, handler: Handler, limits: Limits) -> None:
        self.handler = handler
        self.limits = limits
        self.connections: set[Connection] = set()
        self.closing = False

    def __call__(self) -> Connection:
        return Connection(self)

    async def watch(self) -> None:
        """Cut whoever is past a deadline, for ever."""
        pause = min(1.0, self.limits.header / 10, self.limits.linger)
        while True:
            await asyncio.sleep(pause)
            now = monotonic()
            for connection in [each for each in self.connections if each.deadline < now]:
                connection.cut()

    async def drain(self, grace: float, timeout: float) -> None:
        """Answer what is on its way, with `connection: close`, and return when all connections are gone.

        For `grace` seconds an idle connection may still bring a request; after `timeout` seconds all are cut.
        """
        self.closing = True
        start = monotonic()
        while self.connections and monotonic() - start < timeout:
            if monotonic() - start > grace:
                for connection in [each for each in self.connections if each.idle]:
                    connection.close()
            await asyncio.sleep(0.01)
        for connection in list(self.connections):
            connection.close()


class Connection(asyncio.Protocol):
    """One client. `deadline` is the monotonic time by which its present phase has to end."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._handler = server.handler
        self._limits = server.limits
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._busy = False
        self._in_head = False
        self._in_body = False
        self._refused = False
        self._head_size = 0
        self.deadline = monotonic() + self._limits.header

    @property
    def idle(self) -> bool:
        return not (self._busy or self._in_head or self._in_body)

    # --- what the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        self._refused = True

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:  # the request was read whole; the offer to upgrade is passed over
            self._parser = httptools.HttpRequestParser(self)
        except httptools.HttpParserError:
            self._refuse(400, "this is not HTTP/1.1")
        if self._in_head:
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self._refuse(431, f"the headers are larger than {MAX_HEAD} bytes")

    def eof_received(self) -> bool:
        return self._busy  # a client that has only shut its own side still gets its answer

    def pause_writing(self) -> None:
        self._transport.pause_reading()
        self.deadline = monotonic() + self._limits.write

    def resume_writing(self) -> None:
        self._transport.resume_reading()
        self.deadline = monotonic() + self._limits.idle

    # --- what the parser says

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._body_size = self._head_size = 0
        self._in_head = True
        self.deadline = monotonic() + self._limits.header

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body = False, True
        length = self._headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._limits.max_body:
            self._refuse_body()
        elif b"expect" in self._headers:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        if not self._body:  # most bodies come in one piece
            self.deadline = monotonic() + self._limits.body
        self._body_size += len(body)
        if self._body_size > self._limits.max_body:
            self._refuse_body()
        elif not self._refused:
            self._body.append(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        if self._refused:
            return
        path, _, query = self._url.decode("latin-1").partition("?")
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        request = Request(self._parser.get_method(), path, query, self._headers, body)
        keep = self._parser.should_keep_alive()
        if self._busy:
            self._waiting.append((request, keep))
            if len(self._waiting) == MAX_PIPELINED:
                self._transport.pause_reading()
        else:
            self._start(request, keep)

    # --- answering

    def _start(self, request: Request, keep: bool) -> None:
        self._busy, self._keep = True, keep
        self.deadline = float("inf")  # from here on the model's deadline counts
        try:
            self._handler.handle(request, self._reply)
        except Exception:
            logger.exception("the answer to %s %s failed", request.method, request.path)
            self._reply(self._handler.refuse(request.path, 500, "noria itself failed; its log says why"))

    def _reply(self, response: Response) -> None:
        self._busy = False
        if self._transport.is_closing():
            return
        keep = self._keep and not self._server.closing
        self.deadline = monotonic() + self._limits.idle
        self._transport.write(encode(response, keep=keep))
        if not keep:
            self.close()
        elif self._waiting:
            self._transport.resume_reading()
            self._start(*self._waiting.popleft())

    def cut(self) -> None:
        """End a connection that is past its deadline; one with half a request is told so."""
        if not self._refused and (self._in_head or self._in_body):
            self._refuse(408, "the request did not arrive in time")
        else:
            self._transport.abort()

    def close(self) -> None:
        self._refused = True
        self._transport.close()

    def _refuse_body(self) -> None:
        self._refuse(413, f"the body is larger than {self._limits.max_body} bytes")

    def _refuse(self, status: int, message: str) -> None:
        if self._refused:
            return
        self._refused = True
        if self._busy:  # the answer before this one is the last, and says so
            self._keep = False
            return
        path = getattr(self, "_url", b"").decode("latin-1").partition("?")[0]
        self._transport.write(encode(self._handler.refuse(path, status, message), keep=False))
        self.deadline = monotonic() + self._limits.linger


def encode(response: Response, *, keep: bool) -> bytes:
    """Return the bytes of an answer; without `keep` it announces that the connection closes."""
    return b"%bcontent-type: %b\r\ncontent-length: %d\r\n%b%b\r\n%b" % (
        _LINES[cast(Any, response.status)],
        response.content_type,
        len(response.body),
        response.headers,
        b"" if keep else b"connection: close\r\n",
        response.body,
    )
