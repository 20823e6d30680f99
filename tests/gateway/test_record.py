import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from noria import segment
from noria.gateway.record import Recorder
from noria.testing import FixedClock

CLOCK = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))


def recorded(directory: Path) -> list[list[int]]:
    return [[r["n"] for r in segment.read(path).records] for path in sorted(directory.glob("*.seg"))]


def test_records_stand_in_the_file_at_once(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, worker=0, clock=CLOCK)
    assert recorder.append({"n": 1})
    assert recorded(tmp_path) == [[1]]
    recorder.close()


def test_each_start_has_a_segment_of_its_own(tmp_path: Path) -> None:
    for number in range(3):  # the clock stands still
        recorder = Recorder(tmp_path, worker=0, clock=CLOCK)
        recorder.append({"n": number})
        recorder.close()
    assert recorded(tmp_path) == [[0], [1], [2]]


def test_a_full_segment_is_followed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "ROTATE_AT", 40)  # a frame {"n": 1} has 8 + 4 bytes: 4 frames reach 40
    recorder = Recorder(tmp_path, worker=0, clock=CLOCK)
    for number in range(6):
        recorder.append({"n": number})
    recorder.close()
    assert recorded(tmp_path) == [[0, 1, 2, 3], [4, 5]]


FULL_DISK = """
import json, resource, signal, sys
from pathlib import Path
from noria.gateway.record import Recorder
from noria.clock import WallClock
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
recorder = Recorder(Path(sys.argv[1]), worker=0, clock=WallClock())
kept = [recorder.append({"n": n, "text": "x" * 20}) for n in range(5)]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
kept.append(recorder.append({"n": 5}))
recorder.close()
print(json.dumps([kept, recorder.lost]))
"""


def test_a_disk_that_refuses_is_said_and_recovered_from(tmp_path: Path) -> None:
    # A file of at most 100 bytes holds 2 frames of 8 + 32 bytes; the third is written in part and cut off.
    command = [sys.executable, "-c", FULL_DISK, tmp_path]
    printed = subprocess.check_output(command, stderr=subprocess.DEVNULL)
    kept, lost = json.loads(printed)
    assert (kept, lost) == ([True, True, False, False, False, True], 3)
    assert recorded(tmp_path) == [[0, 1, 5]]
