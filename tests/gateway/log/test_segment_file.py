import os
from pathlib import Path

import pytest

from noria.gateway.log.segment_file import SegmentFile


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    SegmentFile(tmp_path / "a").close()
    with pytest.raises(FileExistsError):
        SegmentFile(tmp_path / "a")


def test_half_a_frame_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = SegmentFile(tmp_path / "a")
    file.append(b"first")
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda number, frame: write(number, frame[:2]))
        with pytest.raises(OSError, match="2 of 6 bytes"):
            file.append(b"second")
    file.append(b"third")
    assert (file.size, file.sound, file.close()) == (10, True, True)
    assert (tmp_path / "a").read_bytes() == b"firstthird"


def test_a_failed_sync_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(number: int) -> None:
        raise OSError(5, "Input/output error")

    file = SegmentFile(tmp_path / "a")
    file.append(b"a")
    assert file.sync()
    file.append(b"b")
    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", fails)
        assert not file.sync()
    file.append(b"c")  # before anybody has seen that the file is not sound
    assert (file.sync(), file.sound) == (False, False)
    assert file.close()  # nothing was appended since
