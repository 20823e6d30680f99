"""What one served version costs before anybody asks: memory, and the time until it answers."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from benchmarks.evidence import Found
from benchmarks.idle import pss
from benchmarks.servers import OURS, PEERS, Prepared
from benchmarks.workload import WORKLOADS

ROUNDS = 3
REST = 5.0
MEMORY = 1.1
"""Of the lightest peer's."""


def measure(scratch: Path) -> Found:
    """Return the proportional memory (PSS) and the time to the first answer of each server."""
    servers = [Prepared(server, WORKLOADS[0], scratch / server.name) for server in (OURS, *PEERS)]
    rounds = [[_cost(server) for server in servers] for _ in range(ROUNDS)]
    costs = [tuple(map(statistics.median, zip(*each, strict=True))) for each in zip(*rounds, strict=True)]
    (memory, start), *others = costs
    lightest, quickest = (min(values) for values in zip(*others, strict=True))
    return Found(
        title="What a served version costs",
        how=(
            "A scikit-learn model of 100 trees; everything that the server's command starts, "
            f"{REST:g} s after its first answer; proportional memory (PSS). {ROUNDS} times in turns, medians."
        ),
        header=("server", "MB", "seconds from start to the first answer"),
        rows=[(server.name, *cost) for server, cost in zip(servers, costs, strict=True)],
        target=(f"Target: at most {MEMORY:g} times the lightest peer's memory, and ready no later than any"),
        reached=memory <= MEMORY * lightest and start <= quickest,
    )


def _cost(server: Prepared) -> tuple[float, float]:
    with server.running() as running:
        time.sleep(REST)
        return sum(map(pss, running.processes)), running.seconds
