"""The airport: asks for a prediction at each scheduled departure, tells each outcome after the landing.

A small keep-alive HTTP client on asyncio streams: general clients cost more per request than the gateway
does, and would halve the demo's speed on two cores.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any

import msgspec

from noria.errors import Unavailable


class Client:
    """A pool of keep-alive connections to one gateway."""

    def __init__(self, host: str, port: int, connections: int = 16) -> None:
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
        reader, writer = connection = await self._idle.get()
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


class Airport:
    """Asks and tells through a client, and counts what came of it."""

    def __init__(
        self, client: Client, model: str, features: Sequence[tuple[str, str]], extra: Sequence[str]
    ) -> None:
        """`features` are names and Open Inference datatypes; `extra` are columns sent beside them as text."""
        self._client = client
        self._path = f"/v2/models/{model}/infer"
        self._columns = [*features, *((name, "BYTES") for name in extra)]
        self.requests = self.failed = self.acknowledged = self.labels = 0

    async def ask(self, rows: Iterable[dict[str, Any]], key: str) -> None:
        """Send one request for each row, all at once; `key` is the column that names the prediction."""
        await asyncio.gather(*(self._ask_one(row, row[key]) for row in rows))

    async def tell(self, ids: Sequence[str], labels: Sequence[Any]) -> None:
        """Send the outcomes that became known, in one request."""
        if not ids:
            return
        body = msgspec.json.encode(
            {"labels": [{"id": i, "label": y} for i, y in zip(ids, labels, strict=True)]}
        )
        status, _ = await self._client.post("/feedback", body)
        self.failed += status != 200
        self.labels += len(ids) if status == 200 else 0

    async def _ask_one(self, row: dict[str, Any], name: str) -> None:
        inputs = [
            {"name": column, "shape": [1], "datatype": kind, "data": [row[column]]}
            for column, kind in self._columns
        ]
        body = msgspec.json.encode({"id": name, "inputs": inputs})
        self.requests += 1
        try:
            status, _ = await self._client.post(self._path, body)
        except Unavailable:
            status = 0
        self.acknowledged += status == 200
        self.failed += status != 200
