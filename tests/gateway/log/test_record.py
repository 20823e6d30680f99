import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from noria import segment
from noria.gateway.log import record
from noria.gateway.log.record import Recorder
from noria.gateway.log.reserve import Reserve
from noria.testing import FixedClock

CLOCK = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))


@contextmanager
def recording(home: Path, **options: Any) -> Iterator[Recorder]:
    home.mkdir(exist_ok=True)
    recorder = Recorder(
        home / "log", worker=0, clock=CLOCK, reserve=Reserve(home / "reserve", 4096), **options
    )
    try:
        yield recorder
    finally:
        recorder.close()


def append(recorder: Recorder, *numbers: int) -> list[bool]:
    kept: list[bool] = []
    for number in numbers:
        recorder.append({"n": number}, kept.append)
    return kept


def recorded(home: Path) -> list[list[int]]:
    return [[r["n"] for r in segment.read(path).records] for path in sorted((home / "log").glob("*.seg"))]


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_records_stand_in_the_file_at_once(tmp_path: Path) -> None:
    with recording(tmp_path) as recorder:
        assert append(recorder, 1) == [True]
        assert recorded(tmp_path) == [[1]]


def test_each_start_has_a_segment_of_its_own(tmp_path: Path) -> None:
    for number in range(3):  # the clock stands still
        with recording(tmp_path) as recorder:
            append(recorder, number)
    assert recorded(tmp_path) == [[0], [1], [2]]


def test_a_full_segment_is_followed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "ROTATE_AT", 40)  # a frame {"n": 1} has 8 + 4 bytes: 4 frames reach 40
    with recording(tmp_path) as recorder:
        append(recorder, *range(6))
    assert recorded(tmp_path) == [[0, 1, 2, 3], [4, 5]]


# --- durable


def test_durable_records_are_told_after_a_sync_in_their_order(tmp_path: Path) -> None:
    async def scenario() -> None:
        with recording(tmp_path, durable=True) as recorder:
            told: list[int] = []
            for number in range(100):
                recorder.append(
                    {"n": number}, lambda kept, number=number: told.append(number if kept else -1)
                )
                if number % 10 == 0:
                    await asyncio.sleep(0.001)
            assert told != list(range(100))  # the last of them still wait
            async with asyncio.timeout(10):
                while len(told) < 100:
                    await asyncio.sleep(0.001)
            assert told == list(range(100))

    asyncio.run(scenario())


def test_no_durable_record_is_acknowledged_by_a_sync_that_began_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file is synced to at least its size at the moment of the append, across rotations."""
    monkeypatch.setattr(segment, "ROTATE_AT", 60)  # five frames of 12 bytes
    synced: dict[int, int] = {}
    sync = os.fdatasync

    def fdatasync(file: int) -> None:
        size = os.fstat(file).st_size
        time.sleep(0.002)
        sync(file)
        inode = os.fstat(file).st_ino
        synced[inode] = max(synced.get(inode, 0), size)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    unsafe: list[int] = []

    async def scenario() -> None:
        with recording(tmp_path, durable=True) as recorder:
            told: list[bool] = []

            def settled(file: int, size: int, kept: bool) -> None:
                told.append(kept)
                if synced.get(file, 0) < size:
                    unsafe.append(size)

            for number in range(200):
                place: list[int] = []
                recorder.append({"n": number % 100}, lambda kept, place=place: settled(*place, kept))
                newest = max((tmp_path / "log").glob("*.seg"))
                place += [newest.stat().st_ino, newest.stat().st_size]
                await asyncio.sleep(0.0005)
            while len(told) < 200:
                await asyncio.sleep(0.001)
            assert all(told)

    asyncio.run(scenario())
    assert not unsafe


def test_after_a_failed_sync_nobody_is_told_that_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken: list[int] = []
    sync = os.fdatasync

    def fdatasync(file: int) -> None:
        inode = os.fstat(file).st_ino
        if not broken:
            broken.append(inode)
            raise OSError(5, "Input/output error")
        assert inode not in broken  # a file whose sync failed is never synced again and trusted
        sync(file)

    monkeypatch.setattr(os, "fdatasync", fdatasync)

    async def scenario() -> None:
        with recording(tmp_path, durable=True) as recorder:
            told: list[bool] = []
            for number in range(3):
                recorder.append({"n": number}, told.append)
                while len(told) <= number:
                    await asyncio.sleep(0.001)
            assert (told, recorder.lost, recorder.full) == ([False, True, True], 1, False)

    asyncio.run(scenario())
    assert recorded(tmp_path) == [[0], [1, 2]]


def test_a_buffered_segment_that_could_not_be_synced_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fdatasync(file: int) -> None:
        raise OSError(5, "Input/output error")

    with recording(tmp_path) as recorder:
        monkeypatch.setattr(os, "fdatasync", fdatasync)
        append(recorder, 1)
        until(lambda: not recorder._file.sound)
        monkeypatch.undo()
        assert append(recorder, 2) == [True]
    assert recorded(tmp_path) == [[1], [2]]


# --- no space

FULL_DISK = """
import json, resource, signal, sys, time
from pathlib import Path
from noria.gateway.log.record import Recorder
from noria.gateway.log.reserve import Reserve
from noria.clock import WallClock
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
limit(100)
home = Path(sys.argv[1])
reserve = Reserve(home / "reserve", 100)
recorder = Recorder(home / "log", worker=0, clock=WallClock(), reserve=reserve, look_every=0.05)
kept = []
for n in range(5):
    recorder.append({"n": n, "text": "x" * 20}, kept.append)
    if n == 2: limit(10)
held = (home / "reserve").exists()
limit(resource.RLIM_INFINITY)
while recorder.full: time.sleep(0.01)
recorder.append({"n": 5}, kept.append)
recorder.close()
print(json.dumps([kept, recorder.lost, held, (home / "reserve").stat().st_size]))
"""


def test_a_disk_that_refuses_is_said_and_recovered_from(tmp_path: Path) -> None:
    # A file of at most 100 bytes holds 2 frames of 8 + 32 bytes; the third is written in part and cut off.
    # Then not even a reserve of 100 bytes can be taken, until the limit of 10 bytes is gone.
    command = [sys.executable, "-c", FULL_DISK, tmp_path]
    printed = subprocess.check_output(command, stderr=subprocess.DEVNULL, timeout=60)
    kept, lost, held, reserve = json.loads(printed)
    assert (kept, lost) == ([True, True, False, False, False, True], 3)
    assert (held, reserve) == (False, 100)
    assert recorded(tmp_path) == [[0, 1, 5]]


def test_without_the_reserve_nothing_is_kept(tmp_path: Path) -> None:
    with recording(tmp_path, look_every=0.01) as recorder:
        (tmp_path / "reserve").unlink()
        (draft := tmp_path / f"reserve.{os.getpid()}").mkdir()  # so that it cannot be taken again
        until(lambda: recorder.full)
        assert append(recorder, 1, 2) == [False, False]
        draft.rmdir()
        until(lambda: not recorder.full)
        assert append(recorder, 3) == [True]
        assert recorder.lost == 2
    assert recorded(tmp_path) == [[3]]


def test_segments_that_nobody_takes_over_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "ROTATE_AT", 10)  # a segment for each record
    monkeypatch.setattr(record, "MOST_SEGMENTS", 3)
    with recording(tmp_path, look_every=0.01) as recorder:
        append(recorder, 1, 2, 3)
        until(lambda: recorder.full)
        assert append(recorder, 4) == [False]
        assert (tmp_path / "reserve").exists()
        min((tmp_path / "log").glob("*.seg")).unlink()  # the collector has taken it over
        until(lambda: not recorder.full)
        assert append(recorder, 5) == [True]
    assert recorded(tmp_path) == [[2], [3], [5]]
