"""Checks of the server's HTTP, which the specification takes for granted."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import msgspec

from noria.conformance.check import Failed, optional, required
from noria.conformance.prediction import agree
from noria.conformance.target import Target


@optional
def content_type(target: Target) -> str:
    """Content-Type: application/json."""
    refusal = target.infer(b"{", content_type="application/json")
    for answer in (target.infer(target.request()), refusal):
        found = answer.headers.get("content-type", "")
        if found.partition(";")[0].strip().lower() != "application/json":
            raise Failed(f"{answer.status} with the content type {found!r}")
    return "application/json"


@optional
def keep_alive(target: Target) -> str:
    """A connection stays open for the next request, after an error too (RFC 9112, 9.3)."""
    path, request = target.path("/infer"), target.request()
    wrong: dict[str, Any] = {"inputs": []}
    with closing(target.client.connect()) as connection:
        for body in (request, wrong, request):
            target.client.ask_on(connection, "POST", path, body)
            if connection.sock is None:
                raise Failed("the server closed the connection after its answer")
    return "three requests on one connection"


@optional
def chunked(target: Target) -> str:
    """A body may come in chunks, without a length (RFC 9112, 7.1)."""
    content = msgspec.json.encode(target.request())
    halves = (content[: len(content) // 2], content[len(content) // 2 :])
    body: bytes = b"".join(b"%x\r\n%b\r\n" % (len(half), half) for half in (*halves, b""))
    in_chunks = target.predict(body, transfer_encoding="chunked")
    return agree(target.predict(target.request()), in_chunks, rows=1)


@optional
def head(target: Target) -> str:
    """HEAD is answered as GET would be, without a body, or refused (RFC 9110, 9.3.2)."""
    answer = target.client.ask("HEAD", "/v2/health/live")
    if answer.status not in (200, 405) or answer.body:
        raise Failed(f"{answer.status} {answer.said}")
    return str(answer.status)


@optional
def options(target: Target) -> str:
    """OPTIONS is answered or refused (RFC 9110, 9.3.7)."""
    answer = target.client.ask("OPTIONS", target.path("/infer"))
    if answer.status not in (200, 204, 404, 405, 501):
        raise Failed(f"{answer.status} {answer.said}")
    return str(answer.status)


@optional
def wrong_method(target: Target) -> str:
    """A method that a path does not have is refused as the client's fault (RFC 9110, 15.5.6)."""
    answer = target.client.ask("GET", target.path("/infer"))
    if answer.status not in (404, 405):
        raise Failed(f"{answer.status} {answer.said}")
    return str(answer.status)


@optional
def unknown_path(target: Target) -> str:
    """A path that the server does not have is 404 (RFC 9110, 15.5.5)."""
    answer = target.client.ask("GET", "/v2/no/such/path")
    if answer.status != 404:
        raise Failed(f"{answer.status} {answer.said}")
    return "404"


@required
def still_serving(target: Target) -> str:
    """After all of these requests, the server is able to receive and respond to requests."""
    target.predict(target.request())
    return "200"


CHECKS = (content_type, keep_alive, chunked, head, options, wrong_method, unknown_path, still_serving)
