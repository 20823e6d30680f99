from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import environments
from benchmarks.environments import environment, unpacked
from benchmarks.evidence import Skipped


@pytest.fixture
def pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The requirements of a peer that needs nothing, and a folder for its environment."""
    monkeypatch.setattr(environments, "REQUIREMENTS", tmp_path)
    monkeypatch.setenv("NORIA_PEERS", str(tmp_path / "peers"))
    (tmp_path / "none.txt").write_text("")
    return tmp_path / "none.txt"


def test_an_environment_is_made_once_and_anew_when_its_pins_change(pins: Path) -> None:
    left = environment("none").parent / "left.txt"
    assert (left.parent / "bin" / "python").exists()
    left.write_text("")
    environment("none")
    assert left.exists()
    pins.write_text("# other pins\n")
    environment("none")
    assert not left.exists()


def test_what_cannot_be_installed_is_skipped_and_tried_again(
    pins: Path,
) -> None:
    pins.write_text("./nowhere.whl --hash=sha256:00\n")
    for _ in range(2):
        with pytest.raises(Skipped, match="none cannot be installed"):
            unpacked("none")
