"""An HTTP client that hides nothing: it follows no redirect and tries nothing again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import msgspec

from noria.conformance.check import Failed
from noria.errors import DataError

TIMEOUT = 30.0
"""Seconds to wait for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object.

        Raises:
            Failed: it is none; NaN and Infinity are no JSON.
        """
        try:
            value = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Failed(f"{self.status} with a body that is no JSON: {self.said}") from None
        if not isinstance(value, dict):
            raise Failed(f"{self.status} with JSON that is no object: {self.said}")
        return value

    @property
    def said(self) -> str:
        """Return the body's beginning, to show."""
        return repr(self.body[:120].decode(errors="replace"))


@dataclass(frozen=True, slots=True)
class Client:
    """Asks a server at a base URL such as http://127.0.0.1:8080; `headers` go with every request."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            hint = "noria conformance http://127.0.0.1:8080"
            raise DataError(
                f"{self.url!r} is no address; allowed: http://HOST:PORT or https://...", hint=hint
            )

    def connect(self) -> HTTPConnection:
        """Return a connection, which opens with the first request on it."""
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=TIMEOUT)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Return the answer to one request on a connection of its own; see `ask_on`."""
        with closing(self.connect()) as connection:
            return self.ask_on(connection, method, path, body, **headers)

    def ask_on(
        self, connection: HTTPConnection, method: str, path: str, body: Any = None, **headers: str
    ) -> Answer:
        """Return the answer to one request; a body that is not bytes is sent as JSON.

        Raises:
            Failed: the server cannot be reached, breaks off or speaks no HTTP.
        """
        content = body if isinstance(body, bytes | None) else msgspec.json.encode(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = {} if body is None else {"content-type": "application/json"}
        try:
            target = urlsplit(self.url).path.rstrip("/") + path
            connection.request(method, target, content, {**self.headers, **kind, **named})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(status=response.status, headers=names, body=response.read())
        except (OSError, HTTPException) as error:
            raise Failed(f"{method} {path}: no answer: {error or type(error).__name__}") from error
