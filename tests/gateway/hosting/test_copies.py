import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from noria.artifact import signature
from noria.artifact.lineage import place
from noria.errors import ArtifactError
from noria.gateway.hosting.copies import private_copy

NO_KEY = Path("no.pub")


def test_a_copy_serves_without_its_source(artifacts: Sequence[Any], tmp_path: Path) -> None:
    source = tmp_path / "registry"
    shutil.copytree(artifacts[0].path, source)
    made = private_copy(source, artifacts[0].digest, NO_KEY, tmp_path / "own")
    shutil.rmtree(source)
    assert private_copy(source, artifacts[0].digest, NO_KEY, tmp_path / "own") == made
    assert made.stat().st_mode & 0o777 == 0o700


def signed(artifact: Any, home: Path) -> Path:
    """Return a copy of an artifact in a registry of its own, signed by the key of the project at `home`."""
    model = home / "registry" / "model"
    shutil.copytree(artifact.path, model)
    place(model, signature.NAME).parent.mkdir()
    signature.sign(model, home, place(model, signature.NAME))
    return model


def test_a_signed_copy_serves_without_its_source(artifacts: Sequence[Any], tmp_path: Path) -> None:
    source, key = signed(artifacts[0], tmp_path), signature.public_key(tmp_path)
    made = private_copy(source, artifacts[0].digest, key, tmp_path / "own")
    shutil.rmtree(source.parent)
    assert private_copy(source, artifacts[0].digest, key, tmp_path / "own") == made


def test_where_the_project_has_a_key_nothing_unsigned_is_loaded(
    artifacts: Sequence[Any], tmp_path: Path
) -> None:
    source, key = signed(artifacts[0], tmp_path), signature.public_key(tmp_path)
    private_copy(source, artifacts[0].digest, key, tmp_path / "own")
    place(source, signature.NAME).unlink()
    for copy in (tmp_path / "own").iterdir():
        place(copy / "model", signature.NAME).unlink()
    with pytest.raises(ArtifactError, match=r"model\.sig is missing"):
        private_copy(source, artifacts[0].digest, key, tmp_path / "own")


def test_a_damaged_copy_is_made_anew(artifacts: Sequence[Any], tmp_path: Path) -> None:
    made = private_copy(artifacts[0].path, artifacts[0].digest, NO_KEY, tmp_path)
    spec = made / "data" / "spec.json"
    before = spec.read_bytes()
    spec.write_bytes(b"{}")
    assert private_copy(artifacts[0].path, artifacts[0].digest, NO_KEY, tmp_path) == made
    assert spec.read_bytes() == before


def test_a_damaged_source_is_refused(artifacts: Sequence[Any], tmp_path: Path) -> None:
    source = tmp_path / "registry"
    shutil.copytree(artifacts[0].path, source)
    (source / "data" / "spec.json").write_bytes(b"{}")
    with pytest.raises(ArtifactError, match=r"spec\.json was changed"):
        private_copy(source, artifacts[0].digest, NO_KEY, tmp_path / "own")
    assert not list((tmp_path / "own").iterdir())
