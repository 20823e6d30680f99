"""The clocks that noria hands out: the wall's, and the demo's virtual one, shared through a file."""

from __future__ import annotations

import mmap
from datetime import UTC, datetime
from pathlib import Path

from noria.errors import StateError
from noria.ports import Clock

SIZE = 8  # one float64: epoch seconds


class WallClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FileClock:
    """A virtual clock that lives in a file of 8 bytes, so that all processes of a project read one time."""

    def __init__(self, path: Path) -> None:
        """Open the clock at `path`; it stands wherever it was last set."""
        with path.open("r+b") as file:
            self._seconds = memoryview(mmap.mmap(file.fileno(), SIZE)).cast("d")

    @classmethod
    def create(cls, path: Path, now: datetime) -> FileClock:
        """Make a clock that shows `now`; a clock that is there already starts anew."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(SIZE))
        clock = cls(path)
        clock._seconds[0] = now.timestamp()
        return clock

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._seconds[0], UTC)

    def set(self, now: datetime) -> None:
        """Move the clock on to `now`, for all its readers at once.

        Raises:
            StateError: `now` lies before the time that the clock shows.
        """
        if now < self.now():
            raise StateError(f"a clock runs forward: it shows {self.now()}, so it cannot be set to {now}")
        self._seconds[0] = now.timestamp()


def open_clock(home: Path) -> Clock:
    """Return the clock of the project whose `.noria` is `home`: the virtual one where there is one."""
    path = home / "clock"
    return FileClock(path) if path.exists() else WallClock()
