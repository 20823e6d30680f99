import asyncio
import json
import os
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from noria.errors import RequestError
from noria.gateway import decoding
from noria.gateway.decoding import Decoding
from noria.gateway.protocols import mlflow
from noria.gateway.schema import Schema

SPEC = {"features": [{"name": "x", "kind": "number"}], "task": "binary"}
SCHEMA = Schema.of([SPEC], [])
HEADERS = {b"content-type": b"application/json"}
decode = mlflow.PROTOCOL.decode


def body(rows: int) -> bytes:
    return json.dumps({"instances": [[row / 2] for row in range(rows)]}).encode()


def with_decoder(use: Callable[[Decoding], Awaitable[None]]) -> None:
    async def main() -> None:
        decoder = Decoding()
        try:
            await use(decoder)
        finally:
            decoder.close()

    uvloop.run(main())


def test_a_body_is_decoded_to_the_same_batch() -> None:
    async def use(decoder: Decoding) -> None:
        found = await decoder(decode, body(9000), HEADERS, SCHEMA)
        here = decode(body(9000), HEADERS, SCHEMA)
        assert (found.names, list(found.columns[0])) == (here.names, list(here.columns[0]))

    with_decoder(use)


def test_a_fault_is_told_as_it_would_be_here() -> None:
    async def use(decoder: Decoding) -> None:
        with pytest.raises(RequestError, match="10001 rows") as refused:
            await decoder(decode, body(10_001), HEADERS, SCHEMA)
        assert refused.value.status == 413

    with_decoder(use)


def test_a_body_that_takes_too_long_or_too_much_memory_harms_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def use(decoder: Decoding) -> None:
        assert (await decoder(decode, body(1), HEADERS, SCHEMA)).rows == 1
        monkeypatch.setattr(decoding, "PATIENCE", 0.0)
        with pytest.raises(RequestError, match="too large"):
            await decoder(decode, body(1), HEADERS, SCHEMA)
        monkeypatch.undo()
        with pytest.raises(RequestError, match="too much memory"):
            await decoder(bytearray, 3 * 2**30)
        assert (await decoder(decode, body(2), HEADERS, SCHEMA)).rows == 2

    with_decoder(use)


def test_a_killed_process_is_replaced() -> None:
    async def use(decoder: Decoding) -> None:
        with pytest.raises(RequestError, match="too large"):
            await decoder(os._exit, 1)
        both = [decoder(decode, body(rows), HEADERS, SCHEMA) for rows in (1, 2)]
        assert [batch.rows for batch in await asyncio.gather(*both)] == [1, 2]

    with_decoder(use)
