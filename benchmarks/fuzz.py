"""Sends a gateway many requests, and counts what they are answered."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, deque
from collections.abc import Iterator
from typing import cast

import httptools

WINDOW = 8
"""Requests on their way over one connection."""
UNANSWERED = 0
"""The status of a request that no answer came to."""


async def drive(port: int, requests: Iterator[bytes], connections: int = 4) -> Counter[int]:
    """Return how often each status came for requests that are sound HTTP; UNANSWERED where none did."""
    statuses: Counter[int] = Counter()
    clients = [_Pipeline(port, requests, statuses) for _ in range(connections)]
    await asyncio.gather(*(client.run() for client in clients))
    return statuses


async def probe(port: int, raw: bytes) -> list[int]:
    """Return the statuses of the answers to some bytes; [] when the connection was closed without any."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(20):
            writer.write(raw)
            writer.write_eof()
            said = await reader.read()
    except ConnectionError:  # it was cut before everything was sent
        return []
    finally:
        writer.transport.abort()
    return [int(status) for status in re.findall(rb"^HTTP/1.1 (\d+) ", said, re.MULTILINE)]


class _Pipeline(asyncio.Protocol):
    """Keeps WINDOW requests on their way; what a closing connection leaves unanswered is sent once more."""

    def __init__(self, port: int, requests: Iterator[bytes], statuses: Counter[int]) -> None:
        self._port = port
        self._requests = requests
        self._statuses = statuses
        self._flying: deque[bytes] = deque()
        self._again: deque[bytes] = deque()
        self._progress = True

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._done = loop.create_future()
            self._progress = False
            await loop.create_connection(lambda: self, "127.0.0.1", self._port)
            if await self._done:
                return

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpResponseParser(self)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)
        self._send()

    def on_message_complete(self) -> None:
        self._flying.popleft()
        self._statuses[self._parser.get_status_code()] += 1
        self._progress = True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._flying and not self._progress:  # the first has no answer for the second time, and never will
            self._flying.popleft()
            self._statuses[UNANSWERED] += 1
        self._again.extend(self._flying)
        self._flying.clear()
        if not self._done.done():
            self._done.set_result(False)

    def _send(self) -> None:
        while len(self._flying) < WINDOW:
            request = self._again.popleft() if self._again else next(self._requests, None)
            if request is None:
                break
            self._flying.append(request)
            self._transport.write(request)
        if not self._flying and not self._done.done():
            self._done.set_result(True)
            self._transport.close()
