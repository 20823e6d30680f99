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
