"""The airport: asks for a prediction at each scheduled departure, tells each outcome after the landing.

A small keep-alive HTTP client on asyncio streams: general clients cost more per request than the gateway
does, and would halve the demo's speed on two cores.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import msgspec

from noria.errors import Unavailable

CONNECTIONS = 16


class Client:
    """A pool of keep-alive connections to one gateway."""

    def __init__(self, host: str, port: int, connections: int = CONNECTIONS) -> None:
        self._address = (host, port)
        self._count = connections
        self._idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def __aenter__(self) -> Client:
        for _ in range(self._count):
            self._idle.put_nowait(await asyncio.open_connection(*self._address))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None
    ) -> None:
        while not self._idle.empty():
            self._idle.get_nowait()[1].close()

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer.

        Raises:
            Unavailable: the gateway closed the connection without an answer.
        """
        connection = await self._idle.get()
        if connection[0].at_eof():  # the gateway closes what was idle for long, as during a run
            connection[1].close()
            connection = await asyncio.open_connection(*self._address)
        reader, writer = connection
        try:
            writer.write(
                b"POST %b HTTP/1.1\r\nHost: noria\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (path.encode(), len(body), body)
            )
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            answer = await reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            connection = await asyncio.open_connection(*self._address)
            raise Unavailable(f"the gateway closed a connection without an answer: {error}") from None
        finally:
            self._idle.put_nowait(connection)
        return int(head[9:12]), answer


@dataclass(slots=True)
class Tally:
    """What the airport counted on its own side, to hold against what noria has kept."""

    requests: int = 0
    failed: int = 0
    acknowledged: int = 0
    labels: int = 0


class Airport:
    """Asks and tells through a client, and counts by month what came of it."""

    def __init__(self, client: Client, model: str, columns: Sequence[tuple[str, str]]) -> None:
        """`columns` are the names and Open Inference datatypes of what is sent of each flight."""
        self._client = client
        self._path = f"/v2/models/{model}/infer"
        self._columns = columns
        self._room = asyncio.Semaphore(4 * CONNECTIONS)
        self._asking: set[asyncio.Task[None]] = set()
        self.tallies: defaultdict[int, Tally] = defaultdict(Tally)

    async def ask(self, flight: dict[str, Any], month: int) -> None:
        """Send the request for one flight, and go on while it is answered."""
        await self._room.acquire()
        task = asyncio.create_task(self._ask(flight, self.tallies[month]))
        self._asking.add(task)
        task.add_done_callback(self._answered)

    async def answers(self) -> None:
        """Wait for every answer that is still on its way."""
        await asyncio.gather(*self._asking)

    async def tell(self, ids: Sequence[str], labels: Sequence[Any], month: int) -> None:
        """Send the outcomes that became known, in one request."""
        if not ids:
            return
        told = [{"id": name, "label": label} for name, label in zip(ids, labels, strict=True)]
        status, _ = await self._client.post("/feedback", msgspec.json.encode({"labels": told}))
        tally = self.tallies[month]
        tally.failed += status != 200
        tally.labels += len(ids) if status == 200 else 0

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        self._room.release()

    async def _ask(self, flight: dict[str, Any], tally: Tally) -> None:
        inputs = [
            {"name": name, "shape": [1], "datatype": kind, "data": [flight[name]]}
            for name, kind in self._columns
        ]
        tally.requests += 1
        try:
            body = msgspec.json.encode({"id": flight["flight_id"], "inputs": inputs})
            status, _ = await self._client.post(self._path, body)
        except Unavailable:
            status = 0
        tally.acknowledged += status == 200
        tally.failed += status != 200
