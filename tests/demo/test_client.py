import asyncio

from noria.demo.client import Client

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_what_the_gateway_closed_while_it_was_idle_is_opened_anew() -> None:
    opened = 0

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(ANSWER)
        writer.close()

    async def ask_twice() -> list[tuple[int, bytes]]:
        async with await asyncio.start_server(answer_once, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with Client("127.0.0.1", port, connections=1) as client:
                first = await client.post("/feedback", b"{}")
                await asyncio.sleep(0.1)
                return [first, await client.post("/feedback", b"{}")]

    assert asyncio.run(ask_twice()) == [(200, b"{}")] * 2
    assert opened == 2
