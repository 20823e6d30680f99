"""The log of acknowledged records: segments that gateways append to, read slice by slice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from noria import segment

Marks = Callable[[str], Sequence[int]]
"""Tells, for a segment's name, how far each of the places that the records go to has taken it over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Records of a segment, up to the byte offset `stop`."""

    segment: str
    stop: int
    records: list[dict[str, Any]]


class Log:
    """The segments in a directory, read from where `marks` says that they were left.

    `quarantined` counts what could not be read, or not be used, and lies in quarantine/ instead.
    """

    def __init__(self, directory: Path, marks: Marks) -> None:
        self.directory = directory
        self._quarantine = directory / "quarantine"
        self._marks = marks
        self._read: dict[str, int] = {}  # up to the last whole frame
        self._seen: dict[str, int] = {}  # up to the last byte
        self.quarantined = _files_in(self._quarantine)

    def slices(self) -> Iterator[Slice]:
        """Read what is new in each segment, oldest segment first.

        After a crash the places differ in how far they came; a slice ends where one of them did, so that
        each place has taken over either all of a slice or nothing of it.
        """
        for path in self._segments():
            name = path.name
            if name not in self._read:
                marks = sorted(set(self._marks(name)))
                self._read[name] = self._seen[name] = marks[0]
                yield from (self._slice(path, stop) for stop in marks[1:])
            if path.stat().st_size > self._seen[name]:
                yield self._slice(path, None)

    def backlog(self) -> int:
        """Return the bytes that nobody has read yet."""
        return sum(path.stat().st_size - self._read.get(path.name, 0) for path in self._segments())

    def drop_consumed(self) -> None:
        """Delete the closed segments that were read to their end; call it when all of it is taken over.

        Delta does not wait for the disk, so everything is brought there first.
        """
        segments = self._segments()
        closed = [path for path in segments if any(_follows(other, path) for other in segments)]
        consumed = [path for path in closed if self._seen.get(path.name) == path.stat().st_size]
        for path in consumed:
            if tail := path.read_bytes()[self._read[path.name] :]:  # torn by a power cut
                self.quarantine(path.name, tail)
        if consumed:
            os.sync()
        for path in consumed:
            path.unlink()
            del self._read[path.name], self._seen[path.name]

    def quarantine(self, name: str, content: bytes) -> None:
        """Keep what cannot be used, once, however often it comes."""
        self._quarantine.mkdir(exist_ok=True)
        (self._quarantine / f"{name}-{crc32(content):08x}").write_bytes(content)
        self.quarantined = _files_in(self._quarantine)

    def _slice(self, path: Path, stop: int | None) -> Slice:
        start = self._read[path.name]
        with path.open("rb") as file:
            file.seek(start)
            data = file.read() if stop is None else file.read(stop - start)
        chunk = segment.decode(data)
        if chunk.damaged:
            self.quarantine(path.name, data[: chunk.offset])
        self._read[path.name], self._seen[path.name] = start + chunk.offset, start + len(data)
        return Slice(segment=path.name, stop=start + chunk.offset, records=chunk.records)

    def _segments(self) -> list[Path]:
        return sorted(self.directory.glob("*.seg"), key=_order)


def _order(path: Path) -> tuple[str, int, int]:
    """Return worker, time (ns) and number of a segment `<worker>-<ns>-<number>.seg`."""
    worker, at, number = path.stem.rsplit("-", 2)
    return worker, int(at), int(number)


def _follows(later: Path, earlier: Path) -> bool:
    """Tell whether the same worker has begun a newer segment, so that the earlier one is closed."""
    return _order(later)[0] == _order(earlier)[0] and _order(later) > _order(earlier)


def _files_in(directory: Path) -> int:
    return sum(1 for _ in directory.glob("*"))
