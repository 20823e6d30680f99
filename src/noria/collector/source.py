"""A cheap look at the source's files, to tell when there is something new in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path


def fingerprint(root: Path, globs: Sequence[str]) -> str:
    """Return a text that changes when a file of the sources comes, goes, grows or is written again."""
    digest = sha256()
    for path in sorted({path for glob in globs for path in root.glob(glob)}):
        for file in _files(path):
            stat = file.stat()
            digest.update(f"{file.relative_to(root)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _files(path: Path) -> Iterable[Path]:
    """Return the file itself; of a Delta table, its log, which tells of every change."""
    return sorted((path / "_delta_log").glob("*.json")) if path.is_dir() else [path]
