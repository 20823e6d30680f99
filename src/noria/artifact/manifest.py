"""The manifest of an artifact: the SHA-256 of every file, and one digest over all of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from noria.errors import ArtifactError

NAME = "manifest.json"
LEFT_BEHIND = frozenset({"__pycache__", "registered_model_meta"})  # by an MLflow client that loads in place


def write(directory: Path) -> str:
    """Write the manifest of all files in `directory`; return the artifact's digest, in hex.

    Raises:
        ArtifactError: there is a symbolic link, which could lead anywhere later.
    """
    entries = {name: _hash(directory / name) for name in _files(directory)}
    (directory / NAME).write_text(json.dumps(entries, indent=1, sort_keys=True))
    return _digest(entries)


def digest(directory: Path) -> str:
    """Return the digest that the manifest in `directory` claims. It says nothing about the files yet.

    Raises:
        ArtifactError: there is no readable manifest.
    """
    return _digest(_read(directory))


def verify(directory: Path, digest: str) -> None:
    """Return when every file in `directory` is what it was when the artifact with this digest was written.

    What an MLflow client leaves behind as it loads a model in place is passed over: noria reads none of it.

    Raises:
        ArtifactError: names the file that was changed, is missing, came in addition or is a symbolic link.
    """
    entries = _read(directory)
    if _digest(entries) != digest:
        raise fault(directory, f"{NAME} was changed: its digest is {_digest(entries)}, not {digest}")
    present = set(_files(directory))
    for name in sorted(present ^ set(entries)):
        raise fault(directory, f"{name} is {'missing' if name in entries else 'not part of it'}")
    for name, expected in sorted(entries.items()):
        if _hash(directory / name) != expected:
            raise fault(directory, f"{name} was changed after it was written")


def files(directory: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that the manifest in `directory` lists, and of the manifest itself."""
    return {**_read(directory), NAME: _hash(directory / NAME)}


def fault(directory: Path, what: str) -> ArtifactError:
    """Return the refusal of the artifact in `directory`; `what` is the rest of a sentence."""
    return ArtifactError(f"the artifact in {directory} is not to be trusted: {what}", hint="noria models")


def _files(directory: Path) -> list[str]:
    found = []
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory)
        if path.is_symlink():
            raise fault(directory, f"{name} is a symbolic link")
        if path.is_file() and name.as_posix() != NAME and not LEFT_BEHIND.intersection(name.parts):
            found.append(name.as_posix())
    return found


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(directory: Path) -> dict[str, str]:
    try:
        entries = json.loads((directory / NAME).read_text())
    except (OSError, ValueError) as error:
        raise fault(directory, f"{NAME} cannot be read ({error})") from None
    if not isinstance(entries, dict):
        raise fault(directory, f"{NAME} holds no table of files")
    return entries


def _digest(entries: dict[str, str]) -> str:
    canonical = json.dumps(entries, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
