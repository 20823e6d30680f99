"""What travels over HTTP: requests, answers, and the limits they are held to.

How bytes become these is told by connection.py; who listens, by server.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol, cast
from urllib.parse import unquote

import msgspec

from noria.errors import RequestError

JSON = b"application/json"

_LINES = {status: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_CODINGS = {b"transfer-encoding", b"content-encoding"}


# These two are made for every request: a Struct costs a tenth of a frozen dataclass.
class Request(msgspec.Struct, frozen=True):
    """A whole request; the names of `headers` are in lower case, and a repeated one's values are joined.

    `path` is percent-decoded, `query` is not. `peer` is the client's address, "" where it has none. `client`
    is the name of its token, once that was looked at; `own` says that it may label its own predictions alone.
    """

    method: bytes
    path: str
    query: str
    headers: dict[bytes, bytes]
    body: bytes
    peer: str = ""
    client: str = ""
    own: bool = False


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
    """Seconds that each phase of a connection may take, and the bytes that may be kept for it.

    `body` and `write` count from the start of the body and of the answer: sending or reading a byte now and
    then prolongs nothing. `linger` is how long a refused client may still send, unread, so that it gets to
    see the refusal. `held` are the bytes of the bodies and unread answers of all connections together, from
    which on large bodies are refused. `connections` are those that may be open at once.
    """

    header: float = 10.0
    body: float = 30.0
    idle: float = 75.0
    write: float = 30.0
    linger: float = 1.0
    max_body: int = 16 * 2**20
    held: int = 256 * 2**20
    connections: int = 10_000


def encode(response: Response, *, keep: bool, bare: bool = False, always: bytes = b"") -> bytes:
    """Return the bytes of an answer.

    Without `keep` it announces that the connection closes; `bare`, the answer to HEAD, lacks the body.
    `always` are header lines that every answer carries.
    """
    return b"%bcontent-type: %b\r\ncontent-length: %d\r\n%b%b%b\r\n%b" % (
        _LINES[cast(Any, response.status)],
        response.content_type,
        len(response.body),
        response.headers,
        always,
        b"" if keep else b"connection: close\r\n",
        b"" if bare else response.body,
    )


def target(url: bytes) -> tuple[str, str]:
    """Return the path, percent-decoded once, and the query of a target in any form of RFC 9112, 3.2.

    Raises:
        RequestError: 400, the path holds no UTF-8 or a control character.
    """
    if url[:1] != b"/":  # http://host/path; * and host:port name no path
        url = b"/" + url.partition(b"://")[2].partition(b"/")[2]
    path, _, query = url.decode("latin-1").partition("?")
    if "%" in path:
        try:
            path = unquote(path, errors="strict")
        except UnicodeDecodeError:
            raise RequestError(400, "the path is not UTF-8") from None
        if not path.isprintable():
            raise RequestError(400, "the path holds a character that cannot be printed")
    return path, query


def check_head(version: str, headers: Mapping[bytes, bytes], limits: Limits) -> None:
    """Refuse by its head alone a request that could not be answered.

    Raises:
        RequestError: 400, 413 or 415.
    """
    if version not in ("1.1", "1.0"):
        raise RequestError(400, f"HTTP {version} is not spoken here, 1.1 is")
    length = headers.get(b"content-length", b"0")
    if len(length) > 20 or int(length) > limits.max_body:  # 2**64 has 20 digits
        raise too_large(limits)
    if _CODINGS.isdisjoint(headers):
        return
    if headers.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        raise RequestError(400, "the only transfer coding is chunked")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise RequestError(415, "a compressed body is not taken: send it without content-encoding")


def too_large(limits: Limits) -> RequestError:
    return RequestError(413, f"the body is larger than {limits.max_body} bytes")
