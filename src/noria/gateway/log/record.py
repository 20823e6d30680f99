"""Appends what the gateway acknowledges to segments: one write per micro-batch, before the answers go out.

A record that was written survives the death of the gateway. A thread brings the file to the disk: ten times
a second, so that a power cut costs at most that (`buffered`), or as fast as the disk goes, and an answer
waits for it (`durable`). While one sync runs, the records for the next one gather.

When the disk refuses, or nobody has taken over what lies there, no record is kept until there is space.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

from noria import segment
from noria.gateway.log.reserve import Reserve
from noria.gateway.log.segment_file import SegmentFile
from noria.ports import Clock

logger = logging.getLogger(__name__)

SYNC_EVERY = 0.1
LOOK_EVERY = 1.0
"""Seconds between two looks at the space."""
MOST_SEGMENTS = 2048
"""Segments that may wait for the collector, 32 GiB: two hours of 10,000 rows a second, 20 numbers each."""

Settled = Callable[[bool], None]
"""Told whether the record is kept, as far as the mode of the log promises it."""


class Recorder:
    """The segments of one gateway worker, `<worker>-<ns>-<n>.seg`; it writes to the newest.

    `full` says that it takes no records now; `lost` counts those that it did not keep.
    """

    def __init__(
        self,
        directory: Path,
        *,
        worker: int,
        clock: Clock,
        reserve: Reserve,
        durable: bool = False,
        look_every: float = LOOK_EVERY,
    ) -> None:
        """Begin a segment. With `durable` it needs the running event loop, which then calls back."""
        directory.mkdir(parents=True, exist_ok=True)
        self.mode = "durable" if durable else "buffered"
        self.full = False
        self.lost = 0
        self._directory = directory
        self._stem = f"{worker}-{int(clock.now().timestamp() * 1e9):019d}"
        self._number = 0
        self._reserve = reserve
        self._loop = asyncio.get_running_loop() if durable else None
        self._look_every = look_every
        self._looked = float("-inf")
        self._unsynced: deque[Settled] = deque()
        self._asked = self._told = 0  # how many have been in that queue, and how many have left it
        self._retired: deque[SegmentFile] = deque()
        self._wake, self._closing = Event(), Event()
        self._look()
        self._file = self._next()
        self._thread = Thread(target=self._sync_for_ever, name="fsync", daemon=True)
        self._thread.start()

    def append(self, record: Mapping[str, Any], settled: Settled) -> None:
        """Write a record, and call `settled`: at once, or, where it is to be durable, after a sync."""
        if self.full or not self._write(segment.encode(record)):
            self.lost += 1
            settled(False)
        elif self._loop is None:
            settled(True)
        else:
            self._unsynced.append(settled)
            self._asked += 1
            self._wake.set()

    def close(self) -> None:
        """Sync and close the segment."""
        self._closing.set()
        self._wake.set()
        self._thread.join()
        self._settle(self._asked, self._synced())
        self._file.close()

    # --- in the thread of the event loop

    def _write(self, frame: bytes) -> bool:
        try:
            if self._file.size >= segment.ROTATE_AT or not self._file.sound:
                fresh = self._next()
                self._retired.append(self._file)  # first, so that the thread always finds it in one place
                self._file = fresh
            self._file.append(frame)
        except OSError as error:
            self._reserve.release()
            self._stop(f"the disk refuses ({error})")
            return False
        return True

    def _next(self) -> SegmentFile:
        while True:
            path = self._directory / f"{self._stem}-{self._number:06d}.seg"
            self._number += 1
            try:
                return SegmentFile(path)
            except FileExistsError:  # a virtual clock stands still over a restart
                continue

    def _settle(self, asked: int, kept: bool) -> None:
        """Tell those who wait, up to the one that was the `asked`th to do so."""
        while self._told < asked:
            self._told += 1
            self.lost += not kept
            self._unsynced.popleft()(kept)

    # --- in the thread of its own

    def _sync_for_ever(self) -> None:
        asked = 0
        while not self._closing.is_set():
            self._wake.wait(SYNC_EVERY) if self._loop else self._closing.wait(SYNC_EVERY)
            self._wake.clear()
            before, asked = asked, self._asked  # the sync may miss what is written meanwhile
            kept = self._synced()
            if asked > before and self._loop:
                self._loop.call_soon_threadsafe(self._settle, asked, kept)
            if monotonic() - self._looked > self._look_every:
                self._look()

    def _synced(self) -> bool:
        """Sync the segments and close the full ones: here alone, so that none is closed under a sync."""
        kept = self._file.sync()
        while self._retired:
            kept = self._retired.popleft().close() and kept
        return kept

    def _look(self) -> None:
        """See whether there is space for records."""
        self._looked = monotonic()
        try:
            held = self._reserve.held()
            segments = sum(1 for _ in self._directory.glob("*.seg"))
        except OSError as error:
            self._stop(f"the disk does not answer ({error})")
            return
        if segments >= MOST_SEGMENTS:
            self._stop(f"{segments} segments wait for the collector")
        elif not held:
            self._stop("the disk is full")
        elif self.full:
            self.full = False
            logger.warning("predictions are logged again")

    def _stop(self, why: str) -> None:
        if not self.full:
            logger.error("predictions are not logged: %s", why)
        self.full = True
