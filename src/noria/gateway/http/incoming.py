"""One request after the other out of a connection's bytes: httptools parses, this bounds what is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

import httptools

from noria.errors import RequestError
from noria.gateway.http.messages import Request, check_head, target, too_large
from noria.gateway.http.pool import Pool

logger = logging.getLogger(__name__)

MAX_HEAD = 64 * 2**10
SMALL = 64 * 2**10
"""Bytes of a body that is taken even when bodies fill the memory meant for them."""
NEVER = float("inf")

Arrived = Callable[[Request, bool, bool], None]
"""Told a request, whether its connection is kept, and whether its answer is bare: the request was HEAD."""


class Incoming:
    """The request that is on its way. It has to be whole by `deadline`, a monotonic time; NEVER: none is.

    `path` is the one it asks for, as far as it has come; `asks` says that its client waits for a word before
    it sends the body.
    """

    __slots__ = (
        *("asks", "deadline", "peer", "_arrived", "_pool"),
        *("_body", "_head_size", "_headers", "_in_head", "_old", "_parser", "_url"),
    )

    def __init__(self, pool: Pool, arrived: Arrived) -> None:
        self._pool = pool
        self._arrived = arrived
        self._parser = httptools.HttpRequestParser(self)
        self._in_head = self._old = self.asks = False
        self._head_size = 0
        self._url = b""
        self.peer = ""
        self._headers: dict[bytes, bytes] = {}
        self._body: bytes | bytearray = b""
        self.deadline = NEVER

    @property
    def path(self) -> str:
        return self._url.decode("latin-1").partition("?")[0]

    def feed(self, data: bytes) -> None:
        """Read on; `arrived` is called for each request that is whole.

        Raises:
            RequestError: the request is refused; nothing more can be read from this client.
        """
        half, size = self._in_head, self._head_size
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            raise _reason(error) from None
        if half and self._in_head:  # one long header may come in many reads
            self._head_size = size + len(data)
            self._check_size()

    def drop(self) -> None:
        """Forget what has come of a request."""
        self._pool.held -= len(self._body)
        self._forget()

    def _feed(self, data: bytes | memoryview) -> None:
        while True:
            try:
                return self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = memoryview(data)[upgrade.args[0] :]
                self._ignore_upgrade()

    def _ignore_upgrade(self) -> None:
        # At an offer to upgrade httptools stops before the body: the head is read again without the offer.
        head = b"%b %b HTTP/1.1\r\n" % (self._parser.get_method(), self._url)
        for name, value in self._headers.items():
            if name not in (b"connection", b"upgrade"):
                head += b"%b: %b\r\n" % (name, value)
        self._forget()
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(head + b"\r\n")

    # --- what the parser says

    def on_message_begin(self) -> None:
        self._head_size = 0
        self._in_head = True
        self.deadline = monotonic() + self._pool.limits.header

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._head_size += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:  # a trailer is no header
            return
        self._head_size += len(name) + len(value) + 32  # a small header costs more than its bytes
        self._check_size()
        name = name.lower()
        known = self._headers.get(name)
        self._headers[name] = value if known is None else known + b", " + value

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._parser.should_upgrade():
            if self._parser.get_method() == b"CONNECT":
                raise RequestError(405, "this is no proxy")
            return
        version = self._parser.get_http_version()
        check_head(version, self._headers, self._pool.limits)
        self._old = version == "1.0"
        self.asks = b"expect" in self._headers and not self._old
        self.deadline = monotonic() + self._pool.limits.body

    def on_body(self, body: bytes) -> None:
        self._pool.held += len(body)
        if not self._body:  # most bodies come in one piece
            self._body = body
        elif isinstance(self._body, bytearray):
            self._body += body
        else:
            self._body = bytearray(self._body) + body
        size, limits = len(self._body), self._pool.limits
        if size > limits.max_body:
            raise too_large(limits)
        if self._pool.held > limits.held and size > SMALL:
            raise RequestError(503, "too many large bodies are on their way")

    def on_message_complete(self) -> None:
        if self._parser.should_upgrade():
            return
        self.deadline = NEVER
        self.asks = False
        method = self._parser.get_method()
        bare = method == b"HEAD"
        keep = not self._old and self._parser.should_keep_alive()
        path, query = target(self._url)
        body = bytes(self._body)
        request = Request(b"GET" if bare else method, path, query, self._headers, body, self.peer)
        self._forget()
        self._arrived(request, keep, bare)

    # --- inside

    def _check_size(self) -> None:
        if self._head_size > MAX_HEAD:
            raise RequestError(431, f"the headers are larger than {MAX_HEAD} bytes")

    def _forget(self) -> None:
        self._url = self._body = b""
        self._headers = {}


def _reason(error: httptools.HttpParserError) -> RequestError:
    cause = error.__context__  # what a callback raised
    if isinstance(cause, RequestError):
        return cause
    if cause is None:
        return RequestError(400, f"this is not HTTP/1.1: {error}")
    logger.error("a request could not be read", exc_info=cause)
    return RequestError(500, "noria itself failed; its log says why")
