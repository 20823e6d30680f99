"""What the log costs: answers that are kept on the disk, that are written, and that nobody keeps."""

from __future__ import annotations

import resource
import statistics
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil

from benchmarks import wrk
from benchmarks.evidence import Found
from benchmarks.servers import OURS, Prepared, Running, Server, noria
from benchmarks.workload import WORKLOADS

ROUNDS = 5
SECONDS = 4
CONNECTIONS = 32
KEPT = {"buffered": 0.95, "durable": 0.7}
"""The share of the answers without a log that each mode of it is to keep."""
OFF = "no log"
SMALL = 10_000
"""Bytes that no file of the gateway may exceed where nothing is to be kept: its log then counts as full."""


def measure(scratch: Path) -> Found:
    """Return the answers a second of each mode of the log, one after the other, again and again."""
    wrk.available()
    servers = {mode: Prepared(_server(mode), WORKLOADS[0], scratch / mode) for mode in (OFF, *KEPT)}
    rates: dict[str, list[float]] = {mode: [] for mode in servers}
    for _ in range(ROUNDS):
        for mode, server in servers.items():
            with _keeping(server, mode) as running:
                ask = partial(wrk.load, running.url, running.body, connections=CONNECTIONS, scratch=scratch)
                ask(seconds=1)
                rates[mode].append(ask(seconds=SECONDS).rate)
    shares = {
        mode: statistics.median(one / none for one, none in zip(of_mode, rates[OFF], strict=True))
        for mode, of_mode in rates.items()
    }
    return Found(
        title="What the log costs",
        how=(
            f"{CONNECTIONS} connections, one row a request, a model of 100 trees; {ROUNDS} rounds of "
            f"{SECONDS} s in turns, medians. Without a log: the gateway may write no file beyond "
            f"{SMALL:,} bytes, so that it answers and keeps nothing."
        ),
        header=("log", "requests/s", "of those without"),
        rows=[(mode, statistics.median(rates[mode]), shares[mode]) for mode in servers],
        target=f"Target: {KEPT['buffered']:.0%} buffered, {KEPT['durable']:.0%} durable",
        reached=all(shares[mode] >= least for mode, least in KEPT.items()),
    )


def _server(mode: str) -> Server:
    more = "" if mode == OFF else f'log = "{mode}"'
    return Server(name=mode, prepare=partial(noria, more=more), body=OURS.body)


@contextmanager
def _keeping(server: Prepared, mode: str) -> Iterator[Running]:
    """Run the server; where nothing is to be kept, take the files from it."""
    with server.running() as running:
        if mode == OFF:
            for process in running.processes:
                with suppress(psutil.AccessDenied):  # a host has a limit of its own, and writes no log
                    process.rlimit(resource.RLIMIT_FSIZE, (SMALL, resource.RLIM_INFINITY))
        yield running
