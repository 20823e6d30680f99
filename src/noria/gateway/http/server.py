"""The open connections of a process, the watch over their deadlines, and their end."""

from __future__ import annotations

import asyncio
from time import monotonic

from noria.gateway.http.connection import Connection
from noria.gateway.http.messages import Handler, Limits
from noria.gateway.http.pool import Pool


class Server:
    """Makes a connection for each client, as the protocol factory of a listener."""

    def __init__(self, handler: Handler, limits: Limits, *, secure: bool = False) -> None:
        """Serve with `handler`; `secure` says that the listener speaks TLS."""
        self._pool = Pool(handler, limits, secure=secure)

    def __call__(self) -> Connection:
        return Connection(self._pool)

    @property
    def connections(self) -> int:
        return len(self._pool.connections)

    @property
    def held(self) -> int:
        """Return the bytes of bodies and unread answers in memory."""
        return self._pool.held

    async def watch(self) -> None:
        """Cut whoever is past a deadline, for ever."""
        limits = self._pool.limits
        pause = min(1.0, limits.header / 10, limits.linger)
        while True:
            await asyncio.sleep(pause)
            now = monotonic()
            for connection in [each for each in self._pool.connections if each.overdue(now)]:
                connection.cut()

    async def drain(self, grace: float, timeout: float) -> None:
        """Answer what is on its way, with `connection: close`, and return when all connections are gone.

        For `grace` seconds an idle connection may still bring a request; after `timeout` seconds all are cut.
        """
        self._pool.closing = True
        connections = self._pool.connections
        start = monotonic()
        while connections and monotonic() - start < timeout:
            if monotonic() - start > grace:
                for connection in [each for each in connections if each.idle]:
                    connection.close()
            await asyncio.sleep(0.01)
        for connection in list(connections):
            connection.close()
