"""A segment as its writer sees it: whole frames or nothing, and no trust after a failure."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

logger = logging.getLogger(__name__)


class SegmentFile:
    """A new file for frames; `size` is in bytes. One thread appends, another may sync.

    After a failed fsync the kernel may have dropped what was written, and a second one would say nothing of
    it (https://lwn.net/Articles/752063/). So the file is not `sound` from then on, and no sync succeeds.
    """

    def __init__(self, path: Path) -> None:
        """Make the file; raise FileExistsError when there is one."""
        self._directory = path.parent
        self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        self._new = True  # its name is not on the disk yet
        self._dirty = False
        self.size = 0
        self.sound = True

    def append(self, frame: bytes) -> None:
        """Write a whole frame, or raise OSError and leave the file as it was."""
        written = os.write(self._file, frame)
        if written < len(frame):  # half a frame would hide all that follow
            self.sound = False
            os.ftruncate(self._file, self.size)
            self.sound = True
            raise OSError(f"{written} of {len(frame)} bytes were written")
        self.size += written
        self._dirty = True

    def sync(self) -> bool:
        """Bring to the disk what was appended since the last sync; return whether it is there."""
        if not self._dirty:
            return True
        self._dirty = False
        try:
            if self.sound:
                os.fdatasync(self._file)
                self._enter()
        except OSError as error:
            logger.error("a segment could not be synced, and is left for a new one (%s)", error)
            self.sound = False
        return self.sound

    def close(self) -> bool:
        """Sync for the last time, and close; return what `sync` does."""
        kept = self.sync()
        with suppress(OSError):  # it is closed all the same, and what was written before, the sync knows
            os.close(self._file)
        return kept

    def _enter(self) -> None:
        """Bring the name of the file to the disk."""
        if self._new:
            directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
            self._new = False
