"""Where the files lie that say what a version learnt from: in a folder beside its artifact."""

from __future__ import annotations

from pathlib import Path

FOLDER = "lineage"
REFERENCE = "reference.msgpack"
BOUNDS = "bounds.msgpack"


def place(artifact: str | Path, name: str) -> Path:
    """Return where the file of this name lies that belongs to a registered artifact."""
    return Path(artifact).parent / FOLDER / name
