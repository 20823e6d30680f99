"""The HTTP layer alone: a server that answers with what it was asked, and raw sockets."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest

from noria.gateway.http import Limits, Reply, Request, Response
from noria.gateway.server import Server

LIMITS = Limits(header=0.3, body=0.5, idle=0.4, write=0.5, linger=0.1, max_body=1000)


class Echo:
    """Answers with the method, the path and the size of the body; /late after 50 ms, /boom never."""

    def handle(self, request: Request, reply: Reply) -> None:
        if request.path == "/boom":
            raise RuntimeError("boom")
        answer = Response(
            200, f"{request.method.decode()} {request.path}?{request.query} {len(request.body)}".encode()
        )
        delay = 0.05 if request.path == "/late" else 0
        asyncio.get_running_loop().call_later(delay, reply, answer)

    def refuse(self, path: str, status: int, message: str) -> Response:
        return Response(status, message.encode())


Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter, Server], Awaitable[None]]


def talk(client: Client, limits: Limits = LIMITS) -> None:
    async def main() -> None:
        server = Server(Echo(), limits)
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(server, "127.0.0.1", 0)
        watch = asyncio.create_task(server.watch())
        reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        try:
            await asyncio.wait_for(client(reader, writer, server), 10)
        finally:
            watch.cancel()
            writer.close()
            listener.close()

    asyncio.run(main())


async def everything(sent: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(sent)
    return await reader.read()  # up to the server's close


def post(path: bytes, body: bytes, *more: bytes) -> bytes:
    lines = [b"POST %b HTTP/1.1" % path, b"host: x", b"content-length: %d" % len(body), *more]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


CLOSE = b"connection: close"


def test_a_request_is_answered() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        answer = await everything(post(b"/a?b=c", b"12345", CLOSE), reader, writer)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"connection: close\r\n\r\nPOST /a?b=c 5")

    talk(client)


def test_pipelined_requests_are_answered_in_order() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        sent = b"".join(post(b"/late" if n % 2 else b"/%d" % n, b"x" * n) for n in range(40))
        answer = await everything(sent + post(b"/end", b"", CLOSE), reader, writer)
        assert [int(size) for size in re.findall(rb"POST /\w+\? (\d+)", answer)] == [*range(40), 0]

    talk(client)


def test_a_body_may_come_in_chunks_and_byte_by_byte() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        head = b"POST /c HTTP/1.1\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        for byte in head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
        assert (await reader.read()).endswith(b"POST /c? 5")

    talk(client)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", b"400"),
        (b"POST / HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", b"400"),
        (post(b"/", b"x" * 1001)[:60], b"413"),  # refused by its header, before the body has come
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001, b"413"),
        (b"POST / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000, b"431"),
        (b"POST / HTTP/1.1\r\nhos", b"408"),
        (post(b"/", b"x" * 10)[:-5], b"408"),
        (post(b"/boom", b"", CLOSE), b"500"),
    ],
)
def test_a_bad_request_is_told_and_the_connection_closed(sent: bytes, status: bytes) -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        answer = await everything(sent, reader, writer)
        assert answer.split()[1] == status
        assert answer.count(b"HTTP/1.1 ") == 1

    talk(client)


def test_nonsense_behind_a_good_request_does_not_overtake_its_answer() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        answer = await everything(post(b"/late", b"1") + b"nonsense\r\n\r\n", reader, writer)
        assert answer.endswith(b"connection: close\r\n\r\nPOST /late? 1")
        assert answer.count(b"HTTP/1.1 ") == 1

    talk(client)


def test_a_silent_client_is_cut() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        assert await reader.read() == b""

    talk(client)


def test_an_idle_connection_is_cut_but_not_before() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        for _ in range(3):  # 3 requests, 0.2 s apart: longer than the idle time of 0.4 s altogether
            writer.write(post(b"/", b""))
            await reader.readuntil(b"POST /? 0")
            await asyncio.sleep(0.2)
        assert await reader.read() == b""

    talk(client)


def test_draining_answers_what_is_on_its_way() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        writer.write(post(b"/late", b""))
        await asyncio.sleep(0.02)
        draining = asyncio.create_task(server.drain(grace=0.0, timeout=5))
        answer = await reader.read()
        assert answer.endswith(b"connection: close\r\n\r\nPOST /late? 0")
        await draining
        assert not server.connections

    talk(client)
