import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from noria.errors import ArtifactError
from noria.gateway.hosting.copies import private_copy


def test_a_copy_serves_without_its_source(artifacts: Sequence[Any], tmp_path: Path) -> None:
    source = tmp_path / "registry"
    shutil.copytree(artifacts[0].path, source)
    made = private_copy(source, artifacts[0].digest, tmp_path / "own")
    shutil.rmtree(source)
    assert private_copy(source, artifacts[0].digest, tmp_path / "own") == made
    assert made.stat().st_mode & 0o777 == 0o700


def test_a_damaged_copy_is_made_anew(artifacts: Sequence[Any], tmp_path: Path) -> None:
    made = private_copy(artifacts[0].path, artifacts[0].digest, tmp_path)
    spec = made / "data" / "spec.json"
    before = spec.read_bytes()
    spec.write_bytes(b"{}")
    assert private_copy(artifacts[0].path, artifacts[0].digest, tmp_path) == made
    assert spec.read_bytes() == before


def test_a_damaged_source_is_refused(artifacts: Sequence[Any], tmp_path: Path) -> None:
    source = tmp_path / "registry"
    shutil.copytree(artifacts[0].path, source)
    (source / "data" / "spec.json").write_bytes(b"{}")
    with pytest.raises(ArtifactError, match=r"spec\.json was changed"):
        private_copy(source, artifacts[0].digest, tmp_path / "own")
    assert not list((tmp_path / "own").iterdir())
