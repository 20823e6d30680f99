"""The HTTP layer alone: a server that answers with what it was asked, and raw sockets.

What it withstands on purpose is in test_http_limits.py.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from noria.gateway.http.messages import Limits, Reply, Request, Response
from noria.gateway.http.server import Server

LIMITS = Limits(header=0.3, body=0.5, idle=0.4, write=0.5, linger=0.1, max_body=1000)


class Echo:
    """Answers with the method, the target and the size of the body; /late after 50 ms, /boom never."""

    def handle(self, request: Request, reply: Reply) -> None:
        if request.path == "/boom":
            raise RuntimeError("boom")
        said = f"{request.method.decode()} {request.path}?{request.query} {len(request.body)}".encode()
        if request.path == "/headers":
            said = b" ".join(name + b"=" + value for name, value in request.headers.items())
        answer = Response(200, said)
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

    uvloop.run(main())


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
        (b"POST / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"CONNECT example.org:80 HTTP/1.1\r\n\r\n", b"405"),
        (post(b"/", b"x", b"content-encoding: gzip"), b"415"),
        (b"POST / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000, b"431"),
        (b"POST / HTTP/1.1\r\na: " + b"b" * 400_000, b"431"),
        (b"GET / HTTP/0.9\r\n\r\n", b"400"),
        (b"GET /%ff HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /%00 HTTP/1.1\r\n\r\n", b"400"),
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


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\ncontent-length: 1\n\na",  # bare line feeds
        b"POST / HTTP/1.1\r\nhost: x\r\n folded: y\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\x00y\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost : x\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na",
        b"POST / HTTP/1.1\r\ncontent-length: +1\r\n\r\na",
        b"POST / HTTP/1.1\r\ncontent-length: 18446744073709551616\r\n\r\na",  # 2**64
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n10000000000000000\r\na",  # 2**64
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;a=b\na\r\n0\r\n\r\n",
    ],
)
def test_nothing_that_two_servers_could_read_differently_is_read_at_all(sent: bytes) -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        answer = await everything(sent, reader, writer)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1 ") == 1

    talk(client)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"GET /a%20%C3%A9?b=%20 HTTP/1.1\r\n\r\n", "GET /a é?b=%20 0"),  # decoded once, the query never
        (b"GET /%2541 HTTP/1.1\r\n\r\n", "GET /%41? 0"),
        (b"GET http://example.org:80/a?b HTTP/1.1\r\n\r\n", "GET /a?b 0"),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", "OPTIONS /? 0"),
        (b"GET /old HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", "GET /old? 0"),
        (b"POST /t HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nab\r\n0\r\n\r\n", "POST /t? 2"),
    ],
)
def test_every_form_of_a_request_is_understood(sent: bytes, said: str) -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        writer.write(sent)
        writer.write_eof()
        assert (await reader.read()).decode().endswith(said)

    talk(client)


def test_head_is_get_without_the_body() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        answer = await everything(b"HEAD /a HTTP/1.1\r\nconnection: close\r\n\r\n", reader, writer)
        assert b"content-length: 9\r\n" in answer  # GET /a? 0
        assert answer.endswith(b"connection: close\r\n\r\n")

    talk(client)


def test_a_client_may_ask_before_it_sends_the_body() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        writer.write(post(b"/", b"x" * 9, b"expect: 100-continue", CLOSE)[:-9])
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (await everything(b"x" * 9, reader, writer)).endswith(b"POST /? 9")

    talk(client)


def test_an_offer_to_upgrade_is_passed_over_and_what_follows_is_read() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        offer = post(b"/a", b"12", b"connection: upgrade", b"upgrade: h2c")
        answer = await everything(offer * 2 + post(b"/b", b"", CLOSE), reader, writer)
        assert re.findall(rb"POST /(\w)\? \d", answer) == [b"a", b"a", b"b"]

    talk(client)


def test_a_trailer_is_no_header() -> None:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        head = b"POST /headers HTTP/1.1\r\nhost: x\r\nhost: y\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(head + b"0\r\nx-noria-model: other\r\n\r\n")
        writer.write_eof()
        assert (await reader.read()).endswith(b"host=x, y transfer-encoding=chunked")

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
        assert server.connections == 0

    talk(client)
