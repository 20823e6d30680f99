"""The project file as it is now: a policy that was edited takes effect without a restart."""

from __future__ import annotations

import sys
from pathlib import Path

from noria.errors import ProjectError
from noria.project.model import Project
from noria.project.parse import load

FILES = ("noria.toml", "pyproject.toml", "schema.toml")


class ProjectFile:
    """Reads the project again when one of its files changed; while it has faults, the last good one holds."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stamp = self._read_stamp()
        self._project = load(root)

    def current(self) -> Project:
        stamp = self._read_stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._project = load(self._root)
            except ProjectError as error:
                print(f"the project's change waits until it is mended:\n{error}", file=sys.stderr, flush=True)
        return self._project

    def _read_stamp(self) -> tuple[int, ...]:
        paths = (self._root / name for name in FILES)
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)
