"""A gateway's own copies of artifacts: verified, synced, and there when the registry is not."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

from noria.artifact import manifest
from noria.errors import ArtifactError

KEPT = 8
"""Copies that stay on disk: those in use, and the last ones before, for a rollback without a registry."""


def private_copy(source: Path, digest: str, home: Path) -> Path:
    """Return the verified copy under `home` of the artifact with this digest; make it when there is none.

    Raises:
        ArtifactError: neither the copy nor the source is what the digest says.
    """
    target = home / digest
    if target.exists():
        with suppress(ArtifactError):
            manifest.verify(target, digest)
            os.utime(target)
            return target
        shutil.rmtree(target)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = home / f".{digest}.{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        shutil.copytree(source, fresh, ignore=shutil.ignore_patterns("__pycache__"))
        fresh.chmod(0o700)
        _sync(fresh)
        manifest.verify(fresh, digest)
        fresh.rename(target)
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:  # another host was faster with the same copy
            return target
        raise ArtifactError(
            f"the artifact in {source} cannot be copied: {error}", hint="noria models"
        ) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _prune(home)
    return target


def _sync(directory: Path) -> None:
    for path in directory.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _prune(home: Path) -> None:
    copies = [path for path in home.iterdir() if not path.name.startswith(".")]
    for path in sorted(copies, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
