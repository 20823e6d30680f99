"""`kill -9` of each part under `noria up` while it serves; and what a user reads who starts it in vain."""

from __future__ import annotations

import random
import re
import resource
import socket
import subprocess
import time
from contextlib import suppress

import psutil
import pytest
from running import SEEDS, Client, Kills, System, post, row_of, wait_until

from noria.rows import RunRow

PARTS = ("gateway", "collector", "noria.gateway.hosting.host")


@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_when_any_part_is_killed(system: System) -> None:
    survive(system, pause=0.0)


@pytest.mark.evidence
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_nor_at_any_other_moment(system: System, kills: Kills, seed: int) -> None:
    with kills.counted([*PARTS, "job"]):
        survive(system, pause=random.Random(seed).uniform(0, 2))


def survive(system: System, pause: float) -> None:
    """Kill each part under load, `pause` seconds after the one before was back; then a run's job."""
    up = system.start("up")
    wait_until(lambda: system.serves(1), "the first version serves")
    with Client(system.port) as client:
        for part in PARTS:
            time.sleep(pause)
            _kill(up, part)
            wait_until(lambda: _answers(client), f"it serves after {part} was killed")
        system.change_model(12)
        _kill_job(system, up)
        run = wait_until(lambda: _ended(system), "the run of the killed job ends")
        system.change_model(13)
        wait_until(lambda: system.serves(2), "the next version serves")
    system.stop(up)
    assert run.status == "failed"
    assert "was ended by SIGKILL" in run.error
    assert system.faults(client) == []
    # Only who spoke with the killed gateway saw an error: a killed host's requests are asked again.
    excused = re.compile("Error|RemoteDisconnected|503")
    assert [failure for failure in client.failed if not excused.search(failure)] == []


def test_a_second_up_says_who_is_up_already(system: System) -> None:
    up = system.start("up")
    wait_until(lambda: "is up" in system.printed("up"), "noria is up")
    second = system.noria("up")
    assert second.returncode == 1
    assert second.stderr == (
        f"noria: noria is up in this project already, as process {up.pid}\n  try: noria status\n"
    )


def test_a_port_in_use_is_named(system: System) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", system.port))
        taken.listen()
        gateway = system.noria("gateway")
    assert gateway.returncode == 1
    assert f"port {system.port} of 127.0.0.1 is in use" in gateway.stderr
    assert f"try: noria gateway --port {system.port + 1}" in gateway.stderr


@pytest.mark.timeout(200)
def test_on_a_full_disk_it_serves_on_and_says_what_was_not_recorded(system: System) -> None:
    """The gateway may write files of 20 kB at most: its segment is full after some answers."""
    gateway, collector, controller = (system.start(part) for part in ("gateway", "collector", "controller"))
    wait_until(lambda: system.serves(1), "the first version serves")
    full = max(path.stat().st_size for path in (system.home / "log").glob("*.seg")) + 20_000
    worker = next(process.pid for process in _find(gateway, "gateway"))
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    client = Client(system.port)
    unlogged = 0
    for number in range(400):
        status, version, logged = _ask_whether_logged(system.port, f"request-{number}")
        assert status == 200
        unlogged += not logged
        if logged:
            client.acknowledged[f"request-{number}"] = int(version)
    assert 0 < unlogged < 400
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_until(lambda: _ask_whether_logged(system.port, f"late-{time.time()}")[2], "it records again")
    for process in (gateway, controller, collector):
        system.stop(process)
    assert system.faults(client) == []


def _kill(up: subprocess.Popen[bytes], part: str) -> None:
    """Kill a part of a running `noria up`, and return once it was."""
    wait_until(lambda: _find(up, part), f"{part} runs")
    for process in _find(up, part):
        with suppress(psutil.NoSuchProcess):  # it ended with its parent
            process.kill()
        wait_until(lambda process=process: not process.is_running(), f"{part} has ended")


def _find(up: subprocess.Popen[bytes], part: str) -> list[psutil.Process]:
    found = []
    for process in psutil.Process(up.pid).children(recursive=True):
        try:
            if part in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue  # it ended while we looked
    return found


def _kill_job(system: System, up: subprocess.Popen[bytes]) -> None:
    """Kill the child that executes the pipeline: the one of a worker, while the run trains."""
    wait_until(lambda: (run := system.run_of_head()) and run.stage == "train", "the run trains")

    def job() -> list[psutil.Process]:
        return [child for worker in _find(up, "noria.adapters.worker") for child in worker.children()]

    for process in wait_until(job, "a job runs"):
        process.kill()


def _ended(system: System) -> RunRow | None:
    run = system.run_of_head()
    return run if run is not None and run.ended is not None else None


def _answers(client: Client) -> bool:
    before = len(client.acknowledged)
    time.sleep(0.2)
    return len(client.acknowledged) > before


def _ask_whether_logged(port: int, key: str) -> tuple[int, str, bool]:
    """Return status, version, and whether the answer says that it was recorded."""
    status, headers, _ = post(
        port, "/invocations", {"dataframe_records": [row_of(key)]}, {"X-Request-ID": key}
    )
    return status, headers.get("x-noria-version", ""), headers.get("x-noria-logged") != "false"
