"""What happens to the processes of a gateway: workers and hosts are killed, hang, leak, and are replaced."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_workers_share_a_port_and_the_hosts(start: Callable[..., Any], model: Callable[..., Any]) -> None:
    gateway = start(workers=2)
    gateway.serve(1, {8: 50, 7: 50}, {7: model(), 8: model(value=0.75)})
    first, second = (gateway.ready(number) for number in (0, 1))
    assert (first["loaded"], second["loaded"]) == ([7, 8], [7, 8])
    assert first["hosts"] == second["hosts"]
    assert {first["pid"], second["pid"]} == set(gateway.workers())
    with gateway.load(8) as load:
        gateway.wait_until(lambda: len(load.answers) > 200, "there is load")
    assert not load.failed
    assert {path.name[0] for path in (gateway.home / "log").glob("*.seg")} == {"0", "1"}
    assert Counter(key for key, *_ in gateway.predictions()) == Counter(load.acknowledged())


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_worker_harms_no_host_and_loses_nothing(
    start: Callable[..., Any], model: Callable[..., Any], workers: int
) -> None:
    gateway = start(workers=workers)
    gateway.serve(1, {7: 100}, {7: model()})
    host = gateway.hosts()[7]
    with gateway.load(4) as load:
        for _ in range(3):
            gateway.wait_until(lambda: gateway.plans() == {1}, "all workers serve")
            asked = len(load.answers)
            gateway.wait_until(lambda asked=asked: len(load.answers) > asked + 20, "there is load")
            killed, pids = time.monotonic(), gateway.workers()
            os.kill(pids[0], signal.SIGKILL)
            gateway.wait_until(lambda pids=pids: set(gateway.workers()) - set(pids), "a new one is there")
            gateway.wait_until(lambda: gateway.infer().status == 200, "it answers", 5)
            assert time.monotonic() - killed < 2
    assert gateway.hosts()[7] == host
    assert not [answer for answer in load.answers if answer.status not in (200, 503)]
    recorded = Counter(row[0] for row in gateway.predictions())
    assert [key for key in load.acknowledged() if recorded[key] != 1] == []


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_are_replaced_one_by_one_and_no_request_fails(
    start: Callable[..., Any], model: Callable[..., Any], workers: int
) -> None:
    gateway = start(workers=workers)
    gateway.serve(1, {7: 100}, {7: model()})
    before = set(gateway.workers())
    with gateway.load(4) as load:
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_until(
            lambda: len(gateway.workers()) == workers and not before & set(gateway.workers()),
            "all workers are new",
        )
    assert not load.failed
    recorded = Counter(row[0] for row in gateway.predictions())
    assert [key for key in load.acknowledged() if recorded[key] != 1] == []


def test_a_challenger_that_keeps_crashing_is_left_alone(gateway: Any, model: Callable[..., Any]) -> None:
    gateway.serve(1, {8: 90, 7: 10}, {7: model(), 8: model("segfault")})
    with gateway.load(2) as load:
        gateway.wait_until(lambda: gateway.hosts()[8]["state"] == "open", "the breaker opens")
        gateway.wait_until(lambda: "8" in gateway.ready()["failed"], "the worker says so")
    assert not load.failed
    assert gateway.hosts()[8]["why"] == ("3 crashes within 60 s; at last its process was ended by SIGSEGV")
    assert gateway.hosts()[8]["restarts"] == 3


def test_a_champion_that_keeps_crashing_is_always_started_again(
    gateway: Any, model: Callable[..., Any]
) -> None:
    gateway.serve(1, {7: 100}, {7: model("exit")})
    for _ in range(2):
        assert gateway.infer().status == 503  # asked twice: two crashes
    gateway.wait_until(lambda: gateway.hosts()[7]["restarts"] == 4, "the last crash was seen")
    gateway.wait_until(lambda: gateway.hosts()[7]["state"] == "up", "it is up again")
    assert gateway.hosts()[7]["restarts"] == 4
    assert gateway.hosts()[7]["why"] == "its process ended with 3"


def test_a_host_that_leaks_is_replaced_before_its_limit(
    start: Callable[..., Any], model: Callable[..., Any]
) -> None:
    limit = 512 * 2**20
    gateway = start(memory=limit)
    gateway.serve(1, {7: 100}, {7: model("leak", 5e5)})
    with gateway.load(1) as load:
        gateway.wait_until(lambda: gateway.hosts()[7]["recycled"] > 0, "it is replaced")
        first = gateway.hosts()[7]
        gateway.wait_until(lambda: gateway.hosts()[7]["pid"] != first["pid"], "another one took over")
    assert not load.failed
    assert first["why"].startswith("replaced for its memory: ")
    assert gateway.ready()["failed"]["7"].startswith("replaced for its memory: ")


def test_a_call_that_waits_for_another_workers_is_not_overdue(
    start: Callable[..., Any], model: Callable[..., Any]
) -> None:
    """A call takes more than half of the deadline, so that two of them are too long for it."""
    gateway = start(workers=2, deadline=0.5)
    gateway.serve(1, {7: 100}, {7: model("sleep", 0.3)})
    with gateway.load(6) as load:
        gateway.wait_until(lambda: len(load.answers) > 12, "there were answers")
    assert {answer.status for answer in load.answers} <= {200, 503}  # too many wait, and nobody for too long
    assert gateway.hosts()[7]["restarts"] == 0


def test_workers_that_wait_for_a_hanging_host_are_answered_by_its_successor(
    start: Callable[..., Any], model: Callable[..., Any]
) -> None:
    gateway = start(workers=2, deadline=0.5)
    gateway.serve(1, {8: 90, 7: 10}, {7: model(), 8: model("loop")})
    with gateway.load(6) as load:
        gateway.wait_until(lambda: gateway.hosts()[8]["state"] == "open", "the breaker opens")
    assert not load.failed


def test_what_workers_of_an_earlier_gateway_said_is_forgotten(
    start: Callable[..., Any], model: Callable[..., Any]
) -> None:
    gateway = start(workers=2)
    gateway.serve(1, {7: 100}, {7: model()})
    gateway.stop()
    gateway.options = {}
    gateway.start()
    gateway.wait_until(lambda: gateway.ready().get("plan") == 1, "it serves")
    assert gateway.ready(1) == {}


def test_a_host_that_nobody_needs_ends_and_its_plans_next_versions_stay(
    gateway: Any, model: Callable[..., Any]
) -> None:
    first, second, bad = model(), model(value=0.75), model(value=0.5)
    shutil.rmtree(bad.path)
    gateway.serve(1, {7: 100}, {7: first})
    gateway.plan(2, {9: 100}, {9: bad})
    gateway.wait_until(lambda: "9" in gateway.ready()["failed"], "it cannot be loaded")
    assert gateway.infer().headers["x-noria-version"] == "7"  # the last plan's host is still there
    gateway.serve(3, {8: 100}, {8: second})
    gateway.wait_until(lambda: list(gateway.hosts()) == [8], "the others are gone")
    assert gateway.infer().output == [0.75]


def test_a_model_that_takes_more_memory_than_it_may_have_is_started_again(
    gateway: Any, model: Callable[..., Any]
) -> None:
    gateway.serve(1, {7: 100}, {7: model("huge", 8e9)})
    assert gateway.infer().status == 503
    assert gateway.hosts()[7]["why"] == "its process ran out of memory"


def test_a_model_is_bounded_in_what_it_may_take(
    gateway: Any, model: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "written"
    gateway.serve(1, {7: 100}, {7: model("write", 65 * 2**20, target=str(target))})
    limits = Path(f"/proc/{gateway.hosts()[7]['pid']}/limits").read_text()
    found = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    assert found["Max core file size"] == ["0", "0"]
    assert found["Max open files"] == ["256", "256"]
    assert found["Max data size"] == [str(4 * 2**30)] * 2
    answer = gateway.infer()
    assert answer.status == 500
    assert "OSError: [Errno 27] File too large" in answer.body.decode()


@pytest.mark.parametrize(
    ("behaviour", "much", "said"),
    [
        ("nan", 0, "row 0: the model answered with NaN or infinity"),
        ("shape", 0, "row 0: the model answered with the shape (1, 3), and (1,) was due"),
        ("text", 0, "row 0: the model raised ValueError: could not convert string to float"),
        ("huge", 1e8, "row 0: the model answered with the shape (12500000,), and (1,) was due"),
        ("raise", 1e6, "row 0: the model raised RuntimeError: nono"),
    ],
)
def test_a_wrong_answer_is_named_and_short(
    gateway: Any, model: Callable[..., Any], behaviour: str, much: float, said: str
) -> None:
    gateway.serve(1, {7: 100}, {7: model(behaviour, much)})
    answer = gateway.infer()
    assert answer.status == 500
    assert answer.json["error"].startswith(said)
    assert len(answer.body) < 600


def test_where_no_version_can_answer_the_projects_value_does(
    start: Callable[..., Any], model: Callable[..., Any]
) -> None:
    gateway = start(fallback=0.5)
    gateway.serve(1, {8: 50, 7: 50}, {7: model("nan"), 8: model("raise", 1)})
    answers = [gateway.infer(x_request_id=f"r{n}") for n in range(20)]
    assert {answer.status for answer in answers} == {200}
    assert {tuple(answer.output) for answer in answers} == {(0.5,)}
    found = {(a.headers["x-noria-version"], a.headers["x-noria-role"]) for a in answers}
    assert found == {("", "fallback")}
    given = [row for row in gateway.predictions() if row[4] is None]
    assert given == [(f"r{n}", 0, "fallback", 0.5, None) for n in range(20)]
    assert gateway.request("POST", "/v2/models/m/infer", {"inputs": []}).status == 400  # the client's mistake


def test_a_challenger_that_cannot_keep_up_is_relieved_by_the_champion(
    gateway: Any, model: Callable[..., Any]
) -> None:
    """Each call of the challenger takes 0.4 s and up to 16 rows, so of 48 clients some wait too long."""
    gateway.serve(1, {8: 99, 7: 1}, {7: model(), 8: model("sleep", 0.4)})
    with gateway.load(48) as load:
        gateway.wait_until(lambda: len(load.answers) > 200, "there were answers")
    assert not load.failed
    errors = {row[4] for row in gateway.predictions() if row[4]}
    assert errors == {"too many requests are waiting"}


def test_one_gateway_serves_the_models_of_several_projects(
    start: Callable[..., Any], model: Callable[..., Any], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    gateway = start(others={"n": str(other)})
    gateway.serve(1, {7: 100}, {7: model()})
    type(gateway)(other, gateway.port).serve(1, {3: 100}, {3: model(value=0.75)})
    assert gateway.infer().output == [0.25]
    body = {"inputs": [{"name": "r", "shape": [1, 20], "datatype": "FP64", "data": [0.5] * 20}]}
    assert gateway.request("POST", "/v2/models/n/infer", body).output == [0.75]
    assert gateway.request("POST", "/v2/models/x/infer", body).json["error"].endswith("serves m, n")


def test_a_second_gateway_for_a_model_is_refused(gateway: Any, tmp_path: Path) -> None:
    command = [sys.executable, str(Path(__file__).parent / "run_gateway.py"), str(tmp_path), '{"port": 0}']
    second = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode != 0
    assert "another gateway serves m already\n  try: noria status" in second.stderr


def test_a_rollback_is_swift_also_while_the_challenger_hangs(gateway: Any, model: Callable[..., Any]) -> None:
    good = model()
    gateway.serve(1, {8: 50, 7: 50}, {7: good, 8: model("loop")})
    with gateway.load(4):
        gateway.wait_until(lambda: gateway.hosts()[8]["restarts"] == 0, "it hangs")
        begun = time.monotonic()
        gateway.serve(2, {7: 100}, {7: good})
        assert time.monotonic() - begun < 1
        answers = [gateway.infer(x_noria_entity=f"e{n}") for n in range(20)]
    assert {answer.headers["x-noria-version"] for answer in answers} == {"7"}


def test_overload_is_refused_and_the_rest_is_answered(gateway: Any, model: Callable[..., Any]) -> None:
    """The model takes 10 ms a row, 16 rows a call: of 64 clients 48 wait, and some of them for too long."""
    gateway.serve(1, {7: 100}, {7: model("work", 0.01)})
    with gateway.load(64) as load:
        begun = time.monotonic()
        gateway.wait_until(lambda: len(load.acknowledged()) > 200, "there were answers")
        took = time.monotonic() - begun
    refused = [answer for answer in load.answers if answer.status == 503]
    assert refused
    assert not load.broken
    assert {answer.status for answer in load.answers} == {200, 503}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert 200 / took > 100 / 4  # a hundred rows in a second are what it can
