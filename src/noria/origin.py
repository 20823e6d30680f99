"""What a run begins from beside its code: cheap looks that tell whether another run would find the same."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from noria.project.model import Project


def fingerprint(root: Path, globs: Sequence[str]) -> str:
    """Return a text that changes when a file of the sources comes, goes, grows or is written again."""
    digest = sha256()
    for path in sorted({path for glob in globs for path in root.glob(glob)}):
        for file in _files(path):
            stat = file.stat()
            digest.update(f"{file.relative_to(root)} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def origin(project: Project) -> str:
    """Return a text that changes with a project's sources, its feedback, and the installed packages."""
    sources = fingerprint(project.root, project.data.source)
    feedback = fingerprint(project.home, ("lake/predictions", "lake/labels", "lake/holds", "lake/removed"))
    return f"{sources} {feedback} {_environment()}"


def _files(path: Path) -> Iterable[Path]:
    """Return the file itself; of a Delta table, its log, which tells of every change."""
    return sorted((path / "_delta_log").glob("*.json")) if path.is_dir() else [path]


def _environment() -> str:
    """Return a text that changes with Python, and with every installation, which changes these folders."""
    folders = [Path(path) for path in sys.path if path.endswith("-packages")]
    times = [f"{folder} {folder.stat().st_mtime_ns}" for folder in folders if folder.is_dir()]
    return sha256("\n".join([sys.version, *sorted(times)]).encode()).hexdigest()[:16]
