"""The workers that call a host: several connections, and one call at a time."""

from __future__ import annotations

import socket
from collections.abc import Callable
from selectors import EVENT_READ, DefaultSelector

from noria.gateway.hosting import frames

STALL = 10.0
"""Seconds that a worker may take to send the rest of a frame, or to take in an answer."""
BEGUN = frames.frame(b"")
_BUFFER = 2**16


class Callers:
    """Answers everybody who connects, in the order of the calls."""

    def __init__(self, listener: socket.socket, answer: Callable[[bytes], bytes]) -> None:
        """`answer` makes the frame of a reply from the payload of a call."""
        self._listener = listener
        self._answer = answer
        self._selector = DefaultSelector()
        self._selector.register(listener, EVENT_READ)
        self._connections = 0
        self._open = True

    def serve(self) -> None:
        """Answer until `leave` was called and nobody is connected any more."""
        while self._open or self._connections:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._accept()
                else:
                    self._call(key.data)

    def leave(self) -> None:
        """Take no more connections; a signal handler may call it."""
        self._listener.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # it was shut down
            self._selector.unregister(self._listener)
            self._open = False
            return
        connection.settimeout(STALL)
        self._selector.register(connection, EVENT_READ, _Caller(connection))
        self._connections += 1

    def _call(self, caller: _Caller) -> None:
        try:
            payload = caller.read()
            if payload:
                if self._connections > 1:  # its deadline counts from here, not from when it was sent
                    caller.connection.sendall(BEGUN)
                caller.connection.sendall(self._answer(payload))
                return
        except OSError:
            pass
        self._selector.unregister(caller.connection)
        caller.connection.close()
        self._connections -= 1


class _Caller:
    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._calls = connection.makefile("rb", _BUFFER)

    def read(self) -> bytes:
        """Return the payload of a call, or nothing when the worker is gone."""
        header = self._calls.read(frames.HEADER.size)
        size: int = frames.HEADER.unpack(header)[0] if len(header) == frames.HEADER.size else 0
        payload: bytes = self._calls.read(size)
        return payload
