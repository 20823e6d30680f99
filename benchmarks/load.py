"""Open-loop load: requests leave at a rate of their own, whether the ones before were answered or not."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

import httptools


@dataclass(slots=True)
class Load:
    """What came back: seconds from sending to the answer, by status, and how late requests were sent.

    `unanswered` are those whose connection was closed, or that were on their way when the time was up.
    """

    seconds: float
    answers: dict[int, list[float]] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    unanswered: int = 0

    def rate(self, status: int) -> float:
        """Return the answers per second with a status."""
        return len(self.answers.get(status, ())) / self.seconds


async def offer(
    port: int, request: bytes, *, rate: float, seconds: float, connections: int = 64, grace: float = 2.0
) -> Load:
    """Send `rate` requests a second, evenly, over free connections; a request waits when none is free."""
    load = Load(seconds)
    free: deque[_Client] = deque()
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        free.append((await loop.create_connection(lambda: _Client(load, free), "127.0.0.1", port))[1])
    clients = list(free)
    start = perf_counter()
    sent = 0
    while (now := perf_counter() - start) < seconds:
        due = min(int(now * rate), int(seconds * rate))
        while sent < due and free:
            load.late.append(now - sent / rate)
            free.popleft().send(request)
            sent += 1
        await asyncio.sleep(0.0005)
    await asyncio.sleep(grace)
    load.unanswered += sum(client.busy for client in clients)
    for client in clients:
        client.transport.abort()
    return load


async def saturate(port: int, request: bytes, *, seconds: float, connections: int = 64) -> Load:
    """Send the next request on each connection when the one before is answered."""
    return await offer(port, request, rate=1e9, seconds=seconds, connections=connections)


def quantile(values: list[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed; NaN without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class _Client(asyncio.Protocol):
    def __init__(self, load: Load, free: deque[_Client]) -> None:
        self._load = load
        self._free = free
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpResponseParser(self)

    def send(self, request: bytes) -> None:
        self.busy = True
        self._sent = perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.busy = False
        took = perf_counter() - self._sent
        self._load.answers.setdefault(self._parser.get_status_code(), []).append(took)
        self._free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.busy:
            self.busy = False
            self._load.unanswered += 1
        elif self in self._free:
            self._free.remove(self)
