"""Crowds of clients that are idle, slow or large, and one that is none of it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from statistics import median
from typing import Any

import psutil
import pytest
import uvloop

from benchmarks import bodies, evidence, fuzz
from benchmarks.load import offer, quantile

pytestmark = [pytest.mark.evidence, pytest.mark.timeout(1800)]

REQUEST = bodies.prediction()
ROUNDS = 5
IDLE, SLOW = 10_000, 1_000
SMALLEST = 40 * 2**10
"""Bytes that an idle connection may take."""

Crowd = Callable[[], AbstractContextManager[None]]


def test_crowds_keep_nobody_waiting(start: Any, artifacts: Sequence[Any]) -> None:
    gateway = start(limits={"connections": IDLE + SLOW})
    gateway.serve(1, {1: 100}, {1: artifacts[0]})
    half = bodies.post("/v1/models/m:predict", b"x" * 1000, {})
    deaf = b"GET /v2/models/m HTTP/1.1\r\n\r\n" * 60
    rows = b'{"instances":[' + b",".join([b"[1]"] * 4_000_000) + b"]}"
    large = bodies.post("/invocations", rows, {"content-type": "application/json"})
    crowds: dict[str, tuple[Crowd, float]] = {
        f"{IDLE:,} idle": (lambda: _opened(gateway.port, IDLE, [b""]), 1.5),
        f"{SLOW:,} slow": (lambda: _opened(gateway.port, SLOW, [b"", half[:45], half[:-990], deaf]), 1.2),
        "4 with 16 MB": (lambda: _sending(gateway.port, large, 4), 3.0),
    }
    _p99(gateway.port)
    measured = {name: [_ratio(gateway, crowd) for _ in range(ROUNDS)] for name, (crowd, _) in crowds.items()}
    found = _found(measured, {name: most for name, (_, most) in crowds.items()})
    text = evidence.write("crowds", found)
    assert found.reached, text


def test_slow_clients_are_cut_when_their_time_is_up(gateway: Any) -> None:
    """With a gateway's own limits: 10 s for a head, 30 s for a body, however often a byte of it comes."""
    half = bodies.post("/v1/models/m:predict", b"x" * 1000, {})

    async def until_cut(sent: bytes) -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        began = time.monotonic()
        writer.write(sent)
        while not reader.at_eof():
            try:
                async with asyncio.timeout(1):
                    await reader.read(1000)
            except TimeoutError:
                writer.write(b"x" if sent else b"")
        writer.transport.abort()
        return time.monotonic() - began

    async def main() -> list[float]:
        return await asyncio.gather(*map(until_cut, (b"", half[:45], half[:-500])))

    nothing, head, body = asyncio.run(main())
    assert 9 < nothing < 14
    assert 9 < head < 14
    assert 29 < body < 34


def _ratio(gateway: Any, crowd: Crowd) -> tuple[float, int]:
    """Return the p99 with the crowd as a multiple of that without, and the bytes that the crowd takes."""
    alone, before = _p99(gateway.port), _memory(gateway)
    with crowd():
        return _p99(gateway.port) / alone, _memory(gateway) - before


def _found(measured: dict[str, list[tuple[float, int]]], most: dict[str, float]) -> evidence.Found:
    rows, reached = [], True
    for name, found in measured.items():
        ratios = sorted(ratio for ratio, _ in found)
        taken = max(taken for _, taken in found)
        rows.append((name, median(ratios), most[name], f"{ratios[0]:.2f} to {ratios[-1]:.2f}", taken / 2**20))
        reached = reached and median(ratios) <= most[name]
    idle = max(taken for _, taken in next(iter(measured.values()))) / IDLE
    return evidence.Found(
        title="Crowds of clients",
        how=(
            "The p99 of 300 single rows a second over 8 connections, with the crowd and without it, "
            f"{ROUNDS} times in turns. The slow ones send nothing, half a head or a hundredth of a body, or "
            "ask 60 times and read nothing. The last send a table of four million rows again and again."
        ),
        header=("clients", "p99 with / without, median", "at most", "all", "memory (MiB)"),
        rows=rows,
        target=f"Target: these ratios, and 40 KiB for an idle client (it is {idle / 1024:.1f})",
        reached=reached and idle <= SMALLEST,
    )


def _p99(port: int) -> float:
    load = uvloop.run(offer(port, REQUEST, rate=300, seconds=5, connections=8, grace=0.5))
    assert set(load.answers) == {200}
    return quantile(load.answers[200], 0.99)


def _memory(gateway: Any) -> int:
    process = psutil.Process(gateway.process.pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))


@contextmanager
def _opened(port: int, count: int, sent: Sequence[bytes]) -> Iterator[None]:
    """Open connections, and send on each the next of some beginnings."""
    with ExitStack() as stack:
        for number in range(count):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(sent[number % len(sent)])
        yield


@contextmanager
def _sending(port: int, raw: bytes, clients: int) -> Iterator[None]:
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set():
            asyncio.run(fuzz.probe(port, raw))

    threads = [threading.Thread(target=send) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
