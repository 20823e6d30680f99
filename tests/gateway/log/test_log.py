"""What a client is told of its prediction's record, and what is left of it after a power cut."""

import os
import resource
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., Any]


def test_answers_say_how_they_are_kept(start: Start, artifacts: Sequence[Any]) -> None:
    gateway = start(log="durable")
    gateway.serve(1, {7: 100}, {7: artifacts[0]})
    answer = gateway.infer(x_request_id="r1")
    assert (answer.status, answer.headers["x-noria-log"]) == (200, "durable")
    assert "x-noria-logged" not in answer.headers
    assert [row[0] for row in gateway.predictions()] == ["r1"]
    labelled = gateway.request("POST", "/feedback", {"id": "r1", "label": 1})
    assert (labelled.status, gateway.records()[-1]["labels"]) == (200, [1])


def test_durable_answers_under_load_are_all_kept_once(start: Start, artifacts: Sequence[Any]) -> None:
    gateway = start(log="durable", workers=2)
    gateway.serve(1, {8: 50, 7: 50}, {7: artifacts[0], 8: artifacts[1]})
    with gateway.load(8) as load:
        gateway.wait_until(lambda: len(load.answers) > 300, "there is load")
    assert not load.failed
    recorded = Counter(row[0] for row in gateway.predictions())
    assert all(recorded[key] == 1 for key in load.acknowledged())


@pytest.mark.parametrize("full", ["serve", "refuse"])
def test_a_full_disk_is_told_and_recovered_from_without_a_restart(
    start: Start, artifacts: Sequence[Any], full: str
) -> None:
    gateway = start(full=full)
    both = {7: artifacts[0], 8: artifacts[1]}
    gateway.serve(1, {7: 100}, both, standby=8)
    reserve = gateway.home / "reserve"
    assert reserve.stat().st_size == 64 * 2**20
    (worker,) = gateway.workers()
    limit(worker, 10_000)  # no file may grow beyond that
    answers = [gateway.infer(x_request_id=f"r{number}") for number in range(60)]
    kept = [answer for answer in answers if answer.headers.get("x-noria-log") == "buffered"]
    assert 0 < len(kept) < 60  # a record takes about 300 bytes
    unkept = answers[len(kept) :]
    if full == "serve":
        assert {(a.status, a.headers["x-noria-logged"]) for a in unkept} == {(200, "false")}
    else:
        assert {(a.status, a.headers["retry-after"]) for a in unkept} == {(503, "1")}
    assert gateway.request("POST", "/feedback", {"id": "r1", "label": 1}).status == 503
    assert gateway.request("GET", "/noria/plan").json["not_logged"] >= 1
    assert not reserve.exists()
    gateway.serve(2, {8: 100}, both)  # a rollback is not held up
    limit(worker, resource.RLIM_INFINITY)
    gateway.wait_until(lambda: "x-noria-log" in gateway.infer().headers, "it keeps predictions again")
    assert reserve.exists()
    recorded = {row[0] for row in gateway.predictions()}
    assert {answer.headers["x-request-id"] for answer in kept} <= recorded
    assert not {f"r{number}" for number in range(len(kept), 60)} & recorded


def limit(pid: int, size: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 128 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128m", "noria", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("only root may mount a disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_leaves_room_for_a_rollback(small_disk: Path, run: Any, artifacts: Sequence[Any]) -> None:
    home = small_disk / ".noria"
    both = {7: artifacts[0], 8: artifacts[1]}
    with run(home) as gateway:
        gateway.serve(1, {7: 100}, both, standby=8)
        fill(small_disk / "other")
        answers = [gateway.infer() for _ in range(40)]
        assert {answer.status for answer in answers} == {200}
        assert answers[-1].headers["x-noria-logged"] == "false"
        assert free(small_disk) > 60 * 2**20
        gateway.serve(2, {8: 100}, both)
        assert gateway.infer().headers["x-noria-version"] == "8"
        (small_disk / "other").unlink()
        gateway.wait_until(lambda: "x-noria-log" in gateway.infer().headers, "it keeps predictions again")
        assert (home / "reserve").exists()
        gateway.stop()


def fill(path: Path) -> None:
    """Take all that is left of a disk, on which others write too."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(2**16)):
            pass


def free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize
