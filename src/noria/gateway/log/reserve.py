"""Space on the disk that the log cannot take: with the disk full, a rollback can still be written.

The log is written only while the reserve is there. When the disk is full, the reserve is given up, and what
it held is left to the plan and the state; when there is space again, it is taken again first.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

SIZE = 64 * 2**20
LOW = 4 * 2**20
"""Bytes below which the disk counts as full."""
MARGIN = 16 * 2**20
"""Bytes that must be free beside a new reserve, so that it is not taken out of what it has just left."""


class Reserve:
    """The file at `path`, of `size` bytes on the disk. The workers of a gateway share it."""

    def __init__(self, path: Path, size: int = SIZE, *, low: int = LOW, margin: int = MARGIN) -> None:
        self._path = path
        self._size = size
        self._low = low
        self._margin = margin

    def held(self) -> bool:
        """Return whether the reserve is there; give it up or take it, as the space on the disk demands."""
        free = _free(self._path.parent)
        if not self._path.exists():
            return free >= self._size + self._margin and self._take()
        if free < self._low:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Leave the space to those who need it more."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _take(self) -> bool:
        # A reserve without its blocks would promise too much, and another worker may be making one too.
        draft = self._path.with_suffix(f".{os.getpid()}")
        try:
            with draft.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
            draft.rename(self._path)
        except OSError:
            return False
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        return True


def _free(directory: Path) -> int:
    disk = os.statvfs(directory)
    return disk.f_bavail * disk.f_frsize
