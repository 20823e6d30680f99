from __future__ import annotations

import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from noria.clock import FileClock, WallClock, open_clock
from noria.errors import StateError

NEW_YEAR = datetime(2013, 1, 1, tzinfo=UTC)


def test_the_wall_clock_tells_the_time_in_utc():
    before = datetime.now(UTC)
    now = WallClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


def test_a_file_clock_stands_until_it_is_set(tmp_path):
    clock = FileClock.create(tmp_path / "home" / "clock", NEW_YEAR)
    assert clock.now() == clock.now() == NEW_YEAR
    clock.set(NEW_YEAR + timedelta(hours=1, microseconds=250_000))
    assert clock.now() == NEW_YEAR + timedelta(hours=1, microseconds=250_000)


def test_the_file_holds_one_float64_of_epoch_seconds(tmp_path):
    FileClock.create(tmp_path / "clock", NEW_YEAR)
    assert struct.unpack("d", (tmp_path / "clock").read_bytes()) == (NEW_YEAR.timestamp(),)


def test_a_file_clock_never_runs_backwards(tmp_path):
    clock = FileClock.create(tmp_path / "clock", NEW_YEAR)
    with pytest.raises(StateError, match="runs forward"):
        clock.set(NEW_YEAR - timedelta(microseconds=1))
    assert clock.now() == NEW_YEAR
    clock.set(NEW_YEAR)  # standing still is no step back


def test_another_process_sees_the_clock_move(tmp_path):
    clock = FileClock.create(tmp_path / "clock", NEW_YEAR)
    reader = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from noria.clock import open_clock\n"
            "clock = open_clock(Path(sys.argv[1]))\n"
            "for line in sys.stdin: print(clock.now().isoformat(), flush=True)",
            str(tmp_path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with reader:
        for days in range(3):
            clock.set(NEW_YEAR + timedelta(days=days))
            reader.stdin.write("now\n")
            reader.stdin.flush()
            assert datetime.fromisoformat(reader.stdout.readline().strip()) == clock.now()
        reader.stdin.close()


def test_a_project_has_the_wall_clock_unless_it_has_a_virtual_one(tmp_path):
    assert isinstance(open_clock(tmp_path), WallClock)
    FileClock.create(tmp_path / "clock", NEW_YEAR)
    assert open_clock(tmp_path).now() == NEW_YEAR
