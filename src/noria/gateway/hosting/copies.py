"""A gateway's own copies of artifacts: verified, synced, and there when the registry is not."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

from noria.artifact import signature
from noria.artifact.lineage import place
from noria.errors import ArtifactError

KEPT = 8
"""Copies that stay on disk: those in use, and the last ones before, for a rollback without a registry."""


def private_copy(source: Path, digest: str, key: Path, home: Path) -> Path:
    """Return the verified copy under `home` of the artifact with this digest; make it when there is none.

    `key` is the file of the public key that has signed it, if there is one.

    Raises:
        ArtifactError: neither the copy nor the source is what digest and signature say.
    """
    target = home / digest
    if target.exists():
        with suppress(ArtifactError):
            signature.verify(target / "model", digest, key)
            os.utime(target)
            return target / "model"
        shutil.rmtree(target)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = home / f".{digest}.{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _copy(source, fresh / "model")
        _sync(fresh)
        signature.verify(fresh / "model", digest, key)
        fresh.rename(target)
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:  # another host was faster with the same copy
            return target / "model"
        raise ArtifactError(
            f"the artifact in {source} cannot be copied: {error}", hint="noria models"
        ) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _prune(home)
    return target / "model"


def _copy(source: Path, model: Path) -> None:
    """Copy the artifact, and its signature to where it lies beside one."""
    shutil.copytree(source, model, ignore=shutil.ignore_patterns("__pycache__"))
    model.chmod(0o700)
    signed = place(model, signature.NAME)
    signed.parent.mkdir()
    with suppress(FileNotFoundError):
        shutil.copyfile(place(source, signature.NAME), signed)


def _sync(directory: Path) -> None:
    for path in directory.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _prune(home: Path) -> None:
    copies = [path for path in home.iterdir() if not path.name.startswith(".")]
    for path in sorted(copies, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
