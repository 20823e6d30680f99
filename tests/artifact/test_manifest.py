from __future__ import annotations

import json
from pathlib import Path

import pytest

from noria.artifact import manifest
from noria.errors import ArtifactError


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/model.txt").write_text("a model")
    (tmp_path / "MLmodel").write_text("{}")
    return tmp_path


def test_an_untouched_artifact_verifies(artifact):
    digest = manifest.write(artifact)
    manifest.verify(artifact, digest)
    assert manifest.digest(artifact) == digest
    assert set(json.loads((artifact / "manifest.json").read_text())) == {"data/model.txt", "MLmodel"}
    # An MLflow client that loads in place leaves compiled files.
    (artifact / "code/__pycache__").mkdir(parents=True)
    (artifact / "code/__pycache__/noria_predictor.pyc").write_bytes(b"")
    manifest.verify(artifact, digest)


def add(artifact: Path) -> None:
    (artifact / "data/more.txt").write_text("")


def change(artifact: Path) -> None:
    (artifact / "data/model.txt").write_text("b model")


def remove(artifact: Path) -> None:
    (artifact / "MLmodel").unlink()


def link(artifact: Path) -> None:
    (artifact / "data/model.txt").rename(artifact.parent / "elsewhere")
    (artifact / "data/model.txt").symlink_to(artifact.parent / "elsewhere")


def link_folder(artifact: Path) -> None:
    (artifact / "more").symlink_to("/etc")


def sign_anew(artifact: Path) -> None:
    change(artifact)
    manifest.write(artifact)


def drop_manifest(artifact: Path) -> None:
    (artifact / "manifest.json").unlink()


def garble_manifest(artifact: Path) -> None:
    (artifact / "manifest.json").write_text("[]")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (add, "data/more.txt is not part of it"),
        (change, "data/model.txt was changed"),
        (remove, "MLmodel is missing"),
        (link, "data/model.txt is a symbolic link"),
        (link_folder, "more is a symbolic link"),
        (sign_anew, "manifest.json was changed: its digest is"),
        (drop_manifest, "manifest.json cannot be read"),
        (garble_manifest, "manifest.json holds no table"),
    ],
)
def test_any_other_artifact_is_refused(artifact, harm, message):
    digest = manifest.write(artifact)
    harm(artifact)
    with pytest.raises(ArtifactError, match=message):
        manifest.verify(artifact, digest)
