"""What the connections of a server share."""

from __future__ import annotations

from typing import Protocol

from noria.gateway.http.messages import Handler, Limits

_ONLY_TLS = b"strict-transport-security: max-age=31536000\r\n"


class Client(Protocol):
    """An open connection."""

    @property
    def idle(self) -> bool: ...

    def overdue(self, now: float) -> bool: ...

    def cut(self) -> None: ...

    def close(self) -> None: ...


class Pool:
    """The open connections and the bytes that they hold; `always` are header lines of every answer."""

    def __init__(self, handler: Handler, limits: Limits, *, secure: bool = False) -> None:
        """`secure` says that the connections speak TLS."""
        self.handler = handler
        self.limits = limits
        self.secure = secure
        self.always = _ONLY_TLS if secure else b""
        self.connections: set[Client] = set()
        self.held = 0
        self.closing = False
