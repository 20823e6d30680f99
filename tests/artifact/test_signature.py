"""Signatures by the project's key: the stock command line accepts them; whatever is altered is named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from noria.artifact import manifest, signature
from noria.artifact.lineage import place
from noria.errors import ArtifactError

Alter = Callable[[Path, Path], None]
"""Changes something of an artifact, or of the project that has signed it."""


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    model = tmp_path / "model"
    (model / "data").mkdir(parents=True)
    (model / "data" / "model.txt").write_text("a model")
    (model / "MLmodel").write_text("{}")
    manifest.write(model)
    sign(model, tmp_path)
    return model


def sign(model: Path, home: Path) -> None:
    place(model, signature.NAME).parent.mkdir(exist_ok=True)
    signature.sign(model, home, place(model, signature.NAME))


def verify(model: Path) -> None:
    signature.verify(model, manifest.digest(model), signature.public_key(model.parent))


def test_what_was_signed_verifies_whatever_a_client_left_behind(artifact: Path, tmp_path: Path) -> None:
    verify(artifact)
    (artifact / "code" / "__pycache__").mkdir(parents=True)
    (artifact / "code" / "__pycache__" / "left.pyc").write_bytes(b"by a client that loaded it in place")
    verify(artifact)
    sign(artifact, tmp_path)
    verify(artifact)


def test_the_private_key_is_made_once_and_is_its_owners_alone(artifact: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    private, public = ((keys / name).read_bytes() for name in (signature.PRIVATE, signature.PUBLIC))
    assert (keys / signature.PRIVATE).stat().st_mode & 0o777 == 0o600
    assert keys.stat().st_mode & 0o777 == 0o700
    (keys / signature.PUBLIC).unlink()
    sign(artifact, tmp_path)
    assert (keys / signature.PRIVATE).read_bytes() == private
    assert (keys / signature.PUBLIC).read_bytes() == public


def test_the_stock_command_line_accepts_it_and_refuses_another(artifact: Path) -> None:
    command = [sys.executable, "-m", "model_signing", "verify", "key", str(artifact)]
    command += ["--signature", str(place(artifact, signature.NAME))]
    command += ["--public_key", str(signature.public_key(artifact.parent))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (artifact / "data" / "model.txt").write_text("b model")
    assert subprocess.run(command, capture_output=True, check=False).returncode


def test_without_a_key_the_digest_alone_counts(artifact: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "keys")
    place(artifact, signature.NAME).unlink()
    verify(artifact)


def change_file(model: Path, _: Path) -> None:
    (model / "data" / "model.txt").write_text("b model")


def change_file_and_manifest(model: Path, _: Path) -> None:
    (model / "data" / "model.txt").write_text("b model")
    manifest.write(model)


def add_file(model: Path, _: Path) -> None:
    (model / "data" / "more.txt").write_text("more")
    manifest.write(model)


def respell_manifest(model: Path, _: Path) -> None:
    entries = json.loads((model / manifest.NAME).read_text())
    (model / manifest.NAME).write_text(json.dumps(entries))


def lose_signature(model: Path, _: Path) -> None:
    place(model, signature.NAME).unlink()


def tear_signature(model: Path, _: Path) -> None:
    file = place(model, signature.NAME)
    file.write_bytes(file.read_bytes()[:100])


def change_statement(model: Path, _: Path) -> None:
    file = place(model, signature.NAME)
    bundle = json.loads(file.read_text())
    payload = b64decode(bundle["dsseEnvelope"]["payload"]).replace(b"MLmodel", b"MLmodeL")
    bundle["dsseEnvelope"]["payload"] = b64encode(payload).decode()
    file.write_text(json.dumps(bundle))


def sign_by_another(model: Path, home: Path) -> None:
    sign(model, home / "elsewhere")


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (change_file, r"data/model\.txt was changed"),
        (change_file_and_manifest, r"made for another data/model\.txt"),
        (add_file, r"made for another data/more\.txt"),
        (respell_manifest, r"made for another manifest\.json"),
        (lose_signature, r"model\.sig is missing"),
        (tear_signature, r"model\.sig cannot be read"),
        (change_statement, r"model\.sig is not by the key .*model\.pub, or was changed"),
        (sign_by_another, r"model\.sig is not by the key .*model\.pub, or was changed"),
    ],
)
def test_what_was_altered_is_named(artifact: Path, tmp_path: Path, alter: Alter, said: str) -> None:
    alter(artifact, tmp_path)
    with pytest.raises(ArtifactError, match=said):
        verify(artifact)
