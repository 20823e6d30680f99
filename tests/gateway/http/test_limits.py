"""What the HTTP layer withstands: too many clients, too large bodies, slow senders and readers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from noria.gateway.http.messages import Limits, Reply, Request, Response
from noria.gateway.http.server import Server

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Coroutine[Any, Any, Streams]]
KIB = 2**10


class Large:
    """Answers /N with N KiB, /late after 50 ms; counts what it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def handle(self, request: Request, reply: Reply) -> None:
        self.asked += 1
        if request.path == "/late":
            asyncio.get_running_loop().call_later(0.05, reply, Response(200, b"late"))
        else:
            reply(Response(200, b"x" * int(request.path[1:]) * KIB))

    def refuse(self, path: str, status: int, message: str) -> Response:
        return Response(status, message.encode())


@asynccontextmanager
async def serving(handler: Large, **limits: Any) -> AsyncIterator[tuple[Server, Connect]]:
    server = Server(handler, Limits(**{"linger": 0.1, **limits}))
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    watch = asyncio.create_task(server.watch())
    writers: list[asyncio.StreamWriter] = []

    async def connect() -> Streams:
        reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        writers.append(writer)
        return reader, writer

    try:
        async with asyncio.timeout(20):
            yield server, connect
    finally:
        for writer in writers:
            writer.transport.abort()
        watch.cancel()
        listener.close()


def post(path: str, body: bytes = b"") -> bytes:
    return b"POST %b HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (path.encode(), len(body), body)


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.01)


def test_above_the_cap_a_client_is_told_and_below_it_served_again() -> None:
    async def main() -> None:
        async with serving(Large(), connections=16) as (server, connect):
            clients = [await connect() for _ in range(16)]
            await until(lambda: server.connections == 16)
            refused, _ = await connect()
            assert (await refused.read()).startswith(b"HTTP/1.1 503 ")
            clients[0][1].close()
            await until(lambda: server.connections == 15)
            reader, writer = await connect()
            writer.write(post("/1"))
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"

    uvloop.run(main())


def test_a_flood_of_connections_is_cut_without_a_word() -> None:
    async def main() -> None:
        async with serving(Large(), connections=16, linger=5.0) as (server, connect):
            for _ in range(200):
                await connect()
            await until(lambda: server.connections <= 18)  # 16, and an eighth of them who are being told

    uvloop.run(main())


def test_a_byte_now_and_then_does_not_prolong_the_time_for_a_body() -> None:
    async def main() -> None:
        async with serving(Large(), body=0.3, header=0.3) as (_, connect):
            reader, writer = await connect()
            writer.write(post("/1", b"x" * 1000)[:-1000])
            for _ in range(6):  # 6 bytes, 0.1 s apart: twice the time for all of them
                writer.write(b"x")
                await asyncio.sleep(0.1)
            assert (await reader.read()).startswith(b"HTTP/1.1 408 ")

    uvloop.run(main())


def test_a_client_that_does_not_read_is_cut_and_holds_one_answer_at_most() -> None:
    async def main() -> None:
        handler = Large()
        async with serving(handler, write=0.5) as (server, connect):
            _, writer = await connect()
            writer.transport.pause_reading()
            writer.write(post("/20000") * 10)  # 10 times 20 MB: a loopback socket takes some 6 MB
            await until(lambda: server.held > 0)
            assert (handler.asked, server.held < 21_000 * KIB) == (1, True)
            await until(lambda: server.connections == 0)
            assert server.held == 0

    uvloop.run(main())


def test_a_client_that_reads_late_gets_everything() -> None:
    async def main() -> None:
        async with serving(Large()) as (_, connect):
            reader, writer = await connect()
            writer.transport.pause_reading()
            writer.write(post("/10000") * 3)
            await asyncio.sleep(0.2)
            writer.transport.resume_reading()
            for _ in range(3):
                await reader.readuntil(b"\r\n\r\n")
                assert await reader.readexactly(10_000 * KIB) == b"x" * 10_000 * KIB

    uvloop.run(main())


def test_large_bodies_share_a_bounded_memory_and_small_ones_always_pass() -> None:
    async def main() -> None:
        async with serving(Large(), held=300 * KIB) as (server, connect):
            large = post("/1", b"x" * 200 * KIB)
            first, second, third = [await connect() for _ in range(3)]
            first[1].write(large[:-1])
            await until(lambda: server.held == 200 * KIB - 1)
            second[1].write(large[:-1])
            assert (await second[0].read()).startswith(b"HTTP/1.1 503 ")
            third[1].write(post("/1", b"x" * KIB))
            assert await third[0].readline() == b"HTTP/1.1 200 OK\r\n"
            first[1].write(b"x")
            assert await first[0].readline() == b"HTTP/1.1 200 OK\r\n"
            await until(lambda: server.held == 0)

    uvloop.run(main())


@pytest.mark.parametrize(
    "sent",
    [
        post("/1", b"x" * 500)[:-1],  # half a request
        post("/late", b"x" * 500) * 9,  # one that is being answered, and eight that wait
        post("/1", b"x" * 5000),  # too large
        post("/1", b"x" * 500) + b"nonsense\r\n\r\n",
    ],
)
def test_whatever_a_client_leaves_behind_is_let_go(sent: bytes) -> None:
    async def main() -> None:
        async with serving(Large(), max_body=1000) as (server, connect):
            _, writer = await connect()
            writer.write(sent)
            await asyncio.sleep(0.02)
            writer.transport.abort()
            await until(lambda: server.connections == 0)
            await until(lambda: server.held == 0)

    uvloop.run(main())


def test_a_body_of_single_bytes_takes_no_more_memory_than_its_size() -> None:
    async def main() -> None:
        async with serving(Large(), max_body=10_000) as (server, connect):
            reader, writer = await connect()
            writer.write(b"POST /1 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")
            writer.write(b"1\r\nx\r\n" * 10_000)
            await until(lambda: server.held == 10_000)
            writer.write(b"1\r\nx\r\n")  # one more than the limit
            assert (await reader.read()).startswith(b"HTTP/1.1 413 ")
            assert server.held == 0

    uvloop.run(main())


def test_thousands_of_requests_in_one_read_end_the_connection() -> None:
    async def main() -> None:
        handler = Large()
        async with serving(handler) as (_, connect):
            reader, writer = await connect()
            writer.write(post("/late") * 2000)
            answer = await reader.read()
            assert answer.count(b"HTTP/1.1 200 OK") == handler.asked < 65
            assert b"connection: close\r\n" in answer

    uvloop.run(main())
