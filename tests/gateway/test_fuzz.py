"""Requests of every protocol, changed at random, to a real gateway: only 200 and 4xx may come back."""

import http.client
import time
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import psutil
import pytest
import uvloop
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks import bodies, evidence, fuzz

SEEDED = 3_000
MILLION = 1_000_000
BROKEN = 10_000
"""Of the million: those that were changed anywhere, so that each needs a connection of its own."""
HEAVY = 1 / 20_000

paths = st.sampled_from([seed.path for seed in bodies.SEEDS])
leaves = st.none() | st.booleans() | st.floats() | st.integers() | st.text()
trees = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@pytest.fixture(scope="module")
def served(run: Any, artifacts: Sequence[Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    with run(tmp_path_factory.mktemp("fuzz")) as gateway:
        gateway.serve(1, {1: 100}, {1: artifacts[0]})
        yield gateway


def allowed(status: int) -> bool:
    return status == 200 or 400 <= status < 500


def processes(gateway: Any) -> set[int]:
    """Return the ids of the gateway's processes: the same ones as before, when none has died."""
    return {child.pid for child in psutil.Process(gateway.process.pid).children(recursive=True)}


def test_thousands_of_changed_requests_are_answered_or_refused(served: Any) -> None:
    dice = Random(0)
    before = processes(served)
    statuses = uvloop.run(fuzz.drive(served.port, (bodies.request(dice) for _ in range(SEEDED))))
    assert sum(statuses.values()) == SEEDED
    assert {status for status in statuses if not allowed(status)} == set()
    assert statuses[200] > SEEDED / 10  # the changes leave some of them sound
    assert processes(served) == before


def test_changed_bytes_of_the_head_are_answered_or_refused(served: Any) -> None:
    async def main() -> list[int]:
        dice = Random(1)
        return [status for _ in range(300) for status in await fuzz.probe(served.port, bodies.broken(dice))]

    statuses = uvloop.run(main())
    assert len(statuses) > 200
    assert all(map(allowed, statuses))


@pytest.mark.parametrize("number", range(len(bodies.HEAVY)))
@pytest.mark.parametrize("path", ["/v2/models/m/infer", "/v1/models/m:predict", "/invocations"])
def test_what_is_as_deep_or_large_as_can_be_is_refused(served: Any, path: str, number: int) -> None:
    assert served.request("POST", path, bodies.HEAVY[number]()).status in (400, 413)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=paths, body=st.binary() | trees)
@example(path="/invocations", body=b"\xef\xbb\xbf{}")
def test_any_tree_and_any_bytes_are_refused(served: Any, path: str, body: Any) -> None:
    assert allowed(served.request("POST", path, body).status)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=paths,
    name=st.sampled_from(bodies.NAMES),
    value=st.text(st.characters(codec="latin-1", categories=["L", "N", "P", "S"])),
)
def test_any_value_of_a_header_is_taken_or_refused(served: Any, path: str, name: str, value: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    body = b'{"instances": [[1]]}'
    try:
        connection.request("POST", path, body, {"content-type": "application/json", name: value})
        assert allowed(connection.getresponse().status)
    finally:
        connection.close()


@pytest.mark.evidence
@pytest.mark.timeout(7200)
def test_a_million_changed_requests_are_answered_or_refused(served: Any) -> None:
    dice = Random(2)

    async def main() -> tuple[Counter[int], Counter[int]]:
        requests = (bodies.request(dice, heavy=HEAVY) for _ in range(MILLION - BROKEN))
        whole, changed = await fuzz.drive(served.port, requests), Counter[int]()
        for _ in range(BROKEN):
            changed.update(await fuzz.probe(served.port, bodies.broken(dice)) or [fuzz.UNANSWERED])
        return whole, changed

    uvloop.run(fuzz.drive(served.port, (bodies.request(dice, heavy=0.002) for _ in range(10_000))))  # warm
    pids, before, began = processes(served), memory(served), time.monotonic()
    whole, changed = uvloop.run(main())
    minutes, dead = (time.monotonic() - began) / 60, pids - processes(served)
    found = evidence.Found(
        title="A million changed requests",
        how=(
            "Valid requests of every protocol whose values, names, shapes, headers and bytes were changed at "
            f"random, one in {1 / HEAVY:,.0f} as deep or as large as can be, to a gateway with a LightGBM "
            f"model; {minutes:.0f} minutes. Bytes changed anywhere may leave a request that never ends."
        ),
        header=("", "requests", "answered 200", "refused 4xx", "another status", "no answer"),
        rows=[("whole requests", *_counts(whole)), ("changed anywhere", *_counts(changed))],
        target=(
            f"Target: only 200 and 4xx, no process dies ({len(dead)} did), and memory stays "
            f"({before / 2**20:.0f} MiB before, {memory(served) / 2**20:.0f} MiB after)"
        ),
        reached=all(map(allowed, {*whole, *changed} - {0}))
        and not (whole[0] or dead)
        and memory(served) < 1.5 * before,
    )
    text = evidence.write("fuzz", found)
    assert found.reached, text


def memory(gateway: Any) -> int:
    """Return the resident bytes of the gateway's processes."""
    process = psutil.Process(gateway.process.pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))


def _counts(statuses: Counter[int]) -> tuple[int, ...]:
    answered, silent = statuses[200], statuses[fuzz.UNANSWERED]
    refused = sum(count for status, count in statuses.items() if 400 <= status < 500)
    total = sum(statuses.values())
    return total, answered, refused, total - answered - refused - silent, silent
