"""Appends what the gateway acknowledges to segments: one write per micro-batch, before the answers go out.

A record that was written survives the death of the gateway; a thread syncs the file ten times a second, so a
power cut costs at most that. When the disk refuses, answers go on, marked as not logged.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

from noria import segment
from noria.ports import Clock

logger = logging.getLogger(__name__)


class Recorder:
    """The segments of one gateway worker, `<worker>-<ns>-<n>.seg`; it writes to the newest.

    `lost` counts the records that the disk refused.
    """

    def __init__(self, directory: Path, *, worker: int, clock: Clock, sync_every: float = 0.1) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._stem = f"{worker}-{int(clock.now().timestamp() * 1e9):019d}"
        self._number = 0
        self._sync_every = sync_every
        self._dirty = self._poisoned = self._refusing = False
        self._retired: deque[int] = deque()
        self._closing = Event()
        self.lost = 0
        self._open()
        self._thread = Thread(target=self._sync_for_ever, name="fsync", daemon=True)
        self._thread.start()

    def append(self, record: Mapping[str, Any]) -> bool:
        """Write a record; return False when the disk refused it."""
        frame = segment.encode(record)
        try:
            if self._size >= segment.ROTATE_AT or self._poisoned:
                self._rotate()
            self._write(frame)
        except OSError as error:
            self._refused(error)
            return False
        self._size += len(frame)
        self._dirty, self._refusing = True, False
        return True

    def close(self) -> None:
        """Sync and close the segment."""
        self._closing.set()
        self._thread.join()
        self._retired.append(self._file)
        self._retire()

    def _write(self, frame: bytes) -> None:
        written = os.write(self._file, frame)
        if written < len(frame):  # half a frame would hide all that follow
            os.ftruncate(self._file, self._size)
            raise OSError(f"{written} of {len(frame)} bytes were written")

    def _refused(self, error: OSError) -> None:
        self.lost += 1
        if not self._refusing:
            logger.error("predictions are not logged: the disk refuses (%s)", error)
        self._refusing = True

    def _open(self) -> None:
        while True:
            path = self._directory / f"{self._stem}-{self._number:06d}.seg"
            self._number += 1
            try:
                self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
            except FileExistsError:  # a virtual clock stands still over a restart
                continue
            self._size = 0
            return

    def _rotate(self) -> None:
        old = self._file
        self._open()
        self._poisoned = False
        self._retired.append(old)

    def _sync_for_ever(self) -> None:
        while not self._closing.wait(self._sync_every):
            if self._dirty and not self._poisoned:
                self._dirty = False
                self._sync()
            self._retire()

    def _sync(self) -> None:
        # After a failed fsync the kernel may have dropped the pages: the file is never trusted again.
        try:
            os.fdatasync(self._file)
        except OSError as error:
            logger.error("a segment could not be synced, and is left for a new one (%s)", error)
            self._poisoned = True

    def _retire(self) -> None:
        """Sync and close full segments, here alone, so that no file is closed under a sync."""
        while self._retired:
            file = self._retired.popleft()
            with suppress(OSError):
                os.fdatasync(file)
            os.close(file)
