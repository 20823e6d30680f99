"""Traces go on: `traceparent` in, `traceparent` of the gateway's own span out (W3C Trace Context).

https://www.w3.org/TR/trace-context/
"""

from __future__ import annotations

import os
import re
from functools import partial

import msgspec

from noria.gateway.http.messages import Handler, Reply, Request, Response

HEADER = b"traceparent"
_PARENT = re.compile(
    rb"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?"
)
_STATE = re.compile(rb"[\x20-\x7e]{1,512}")
_SAMPLED = 1


class Trace:
    """Puts a span of the gateway into the trace of each request that is in one.

    What is behind it sees the gateway's span in the request's own `traceparent`.
    """

    def __init__(self, inner: Handler) -> None:
        self._inner = inner

    def handle(self, request: Request, reply: Reply) -> None:
        parent = request.headers.get(HEADER)
        if parent is not None:
            lines = _enter(request.headers, parent)
            reply = partial(_answer, reply, lines)
        self._inner.handle(request, reply)

    def refuse(self, path: str, status: int, message: str) -> Response:
        return self._inner.refuse(path, status, message)


def span(parent: bytes) -> bytes | None:
    """Return the `traceparent` of a new span in the trace of `parent`, or None where that is malformed.

    A later version of the header may be longer; what this version knows of it is kept.
    """
    match = _PARENT.fullmatch(parent)
    if match is None or (match[1] == b"00" and match[4]):
        return None
    sampled = int(match[3], 16) & _SAMPLED
    return b"00-%b-%b-%02x" % (match[2], _id(8), sampled)


def _enter(headers: dict[bytes, bytes], parent: bytes) -> bytes:
    """Put the gateway's span into a request's headers; return the lines of its answer that say so."""
    own = span(parent)
    state = headers.get(b"tracestate", b"") if own else b""
    headers[HEADER] = own = own or b"00-%b-%b-00" % (_id(16), _id(8))
    lines = b"traceparent: %b\r\n" % own
    return lines + b"tracestate: %b\r\n" % state if _STATE.fullmatch(state) else lines


def _answer(reply: Reply, lines: bytes, response: Response) -> None:
    reply(msgspec.structs.replace(response, headers=response.headers + lines))


def _id(size: int) -> bytes:
    return os.urandom(size).hex().encode()
