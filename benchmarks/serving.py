"""noria and its peers under load: the same models, the same rows, the same client, in turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import wrk
from benchmarks.evidence import Found
from benchmarks.servers import AS_TRAINED, ONE_THREAD, OURS, PEERS, PROGRAMS, Prepared, Running, Server
from benchmarks.workload import WORKLOADS, Workload
from benchmarks.wrk import Load

ROUNDS = 3
WARM_UP = 2
SECONDS = 4
FASTER = {"MLServer": 6.0}
FASTER_ELSE = 10.0
"""How many times as many requests a second noria is to answer, at 32 connections, one row each."""
CALMER = 5.0
"""How many times noria's p99 MLServer's is to be."""
KEPT = 0.85
"""The share of the limit that is to be reached at one connection."""

Loads = dict[tuple[str, int], list[Load]]
"""The rounds of each server and number of connections."""


def measure(scratch: Path) -> Found:
    """Return requests a second and latencies of each server and workload, and noria's multiple of each.

    Raises:
        Skipped: wrk is not installed, or a peer cannot be.
    """
    wrk.available()
    rows: list[Sequence[object]] = []
    missed: list[str] = []
    for number, workload in enumerate(WORKLOADS):
        loads = _in_turns(workload, scratch / str(number))
        rows += _table(workload, loads)
        if workload is WORKLOADS[0]:
            missed += _missed(loads)
            for ours in (OURS, AS_TRAINED):
                share = _share_of_the_limit(ours, scratch / "limit")
                limit = _rate(loads[ours.name, 1]) / share
                rows.append((workload.name, f"the limit of {ours.name}", 1, limit, "", "", "", share))
                if ours is OURS and share < KEPT:
                    missed.append(f"{share:.2f} of the limit")
    return Found(
        title="Serving",
        how=(
            "One row a request where nothing else is said; a model of 100 trees; every prediction of noria "
            "routed, counted and recorded before it is answered; peers with their batching on and one thread "
            f"for each library. wrk for {SECONDS} s on the same machine, whose cores it shares; one server "
            f"after the other, {WORKLOADS[0].rounds} times with the first model, medians. The last column: "
            "how many times as many requests noria answers. The limit at one connection is scikit-learn's "
            "own time in process, call after call, and that of an empty answer of noria. noria serves the "
            "first model as LightGBM trees that answer the same (`serve.compile`), and, not compiled, as the "
            "object that was trained, which takes longer than call after call when it has to wait in between."
        ),
        header=(
            "work",
            "server",
            "connections",
            "requests/s",
            "p50 ms",
            "p99 ms",
            "failed",
            "noria is x times",
        ),
        rows=rows,
        target=(
            "Target at 32 connections, one row: 6 times MLServer's requests and a fifth of its p99, 10 times "
            f"the others'; at one connection {KEPT:.0%} of the limit"
            + (f"; {', '.join(missed)}" if missed else "")
        ),
        reached=not missed,
    )


def _in_turns(workload: Workload, folder: Path) -> Loads:
    """Run each server several times, one after the other, and never two at once."""
    ours = (OURS, AS_TRAINED) if workload.kind == "hgb" else (OURS,)
    servers = [Prepared(server, workload, folder / server.name) for server in (*ours, *PEERS)]
    loads: Loads = {}
    for _ in range(workload.rounds):
        for server in servers:
            with server.running() as running:
                for connections in workload.connections:
                    _asked(running, folder, connections, WARM_UP)
                    load = _asked(running, folder, connections, SECONDS)
                    loads.setdefault((server.name, connections), []).append(load)
    return loads


def _asked(running: Running, folder: Path, connections: int, seconds: int) -> Load:
    return wrk.load(running.url, running.body, connections=connections, seconds=seconds, scratch=folder)


def _table(workload: Workload, loads: Loads) -> list[Sequence[object]]:
    return [
        (
            workload.name,
            name,
            connections,
            _rate(rounds),
            _median([load.p50 for load in rounds]),
            _median([load.p99 for load in rounds]),
            sum(load.failed for load in rounds),
            _times(loads["noria", connections], rounds),
        )
        for (name, connections), rounds in sorted(loads.items(), key=lambda item: item[0][1])
    ]


def _missed(loads: Loads) -> list[str]:
    """Return what the targets at 32 connections want and do not get."""
    ours = loads["noria", 32]
    slow = [
        f"{_times(ours, loads[peer.name, 32]):.1f} times {peer.name}"
        for peer in PEERS
        if _times(ours, loads[peer.name, 32]) < FASTER.get(peer.name, FASTER_ELSE)
    ]
    pairs = zip(loads["MLServer", 32], ours, strict=True)
    calmer = _median([theirs.p99 / our.p99 for theirs, our in pairs])
    return slow + ([f"MLServer's p99 is {calmer:.1f} times noria's"] if calmer < CALMER else [])


def _share_of_the_limit(ours: Server, folder: Path) -> float:
    """Return our rate at one connection as a share of the limit, both measured in turns once more."""
    server = Prepared(ours, WORKLOADS[0], folder := folder / ours.name)
    model = folder / "model.joblib"
    _python("train.py", WORKLOADS[0].kind, folder / "table.csv", model)
    shares = []
    with server.running() as running:
        empty = f"http://127.0.0.1:{running.port}/v2/health/live"
        _asked(running, folder, 1, WARM_UP)
        for _ in range(ROUNDS):
            answered = _asked(running, folder, 1, SECONDS).rate
            call = float(_python("call.py", model, folder / "table.csv"))
            nothing = wrk.load(empty, None, connections=1, seconds=SECONDS // 2, scratch=folder).rate
            shares.append(answered * (call + 1 / nothing))
    return _median(shares)


def _python(program: str, *words: object) -> str:
    """Return what a program of the peers prints in noria's own environment."""
    command = [sys.executable, str(PROGRAMS / program), *map(str, words)]
    told = {**os.environ, **ONE_THREAD}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=told).stdout


def _times(ours: list[Load], theirs: list[Load]) -> float:
    """Return how many times as many requests noria answered, the median of the rounds."""
    return _median([our.rate / their.rate for our, their in zip(ours, theirs, strict=True)])


def _rate(rounds: list[Load]) -> float:
    return _median([load.rate for load in rounds])


def _median(values: Sequence[float]) -> float:
    return float(statistics.median(values))
