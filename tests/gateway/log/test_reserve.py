import subprocess
import sys
from pathlib import Path

from noria.gateway.log.reserve import Reserve


def test_the_reserve_has_blocks_of_its_own(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 2**20)
    assert reserve.held()
    found = (tmp_path / "reserve").stat()
    assert found.st_size == 2**20
    assert found.st_blocks * 512 >= 2**20
    assert [path.name for path in tmp_path.iterdir()] == ["reserve"]


def test_it_can_be_released_and_taken_again(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 4096)
    assert reserve.held()
    reserve.release()
    reserve.release()
    assert not (tmp_path / "reserve").exists()
    assert reserve.held()


def test_it_is_not_taken_where_too_little_would_be_left(tmp_path: Path) -> None:
    assert not Reserve(tmp_path / "reserve", 4096, margin=2**60).held()
    assert list(tmp_path.iterdir()) == []


def test_one_that_another_worker_took_is_as_good(tmp_path: Path) -> None:
    assert Reserve(tmp_path / "reserve", 4096).held()
    assert Reserve(tmp_path / "reserve", 4096, margin=2**60).held()


def test_it_is_given_up_where_the_disk_is_full(tmp_path: Path) -> None:
    assert Reserve(tmp_path / "reserve", 4096).held()
    assert not Reserve(tmp_path / "reserve", 4096, low=2**60).held()
    assert list(tmp_path.iterdir()) == []


TAKING = """
import sys
from pathlib import Path
from noria.gateway.log.reserve import Reserve
sys.stdin.readline()
print(all(Reserve(Path(sys.argv[1], str(number)), 2**16, margin=0).held() for number in range(500)))
"""


def test_workers_that_take_it_at_the_same_time_all_hold_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TAKING, tmp_path]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    assert [worker.communicate()[0] for worker in workers] == ["True\n"] * 3
    assert len(list(tmp_path.iterdir())) == 500
