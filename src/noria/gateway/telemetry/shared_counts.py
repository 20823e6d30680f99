"""What the workers of a gateway have counted together: each keeps its own in a file that all read.

A worker writes its file twice a second, and before it sums all of them up. So no sum is smaller than one
before it, whichever worker made that; and who takes a dead worker's number goes on from where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import msgspec

from noria.gateway.telemetry.metrics import Durations

logger = logging.getLogger(__name__)

Numbers = dict[tuple[str, ...], float]
"""By the name of a metric and the values of its labels."""
FRESH = 5.0
"""Seconds after which a worker that writes nothing is taken for dead."""


class Snapshot(msgspec.Struct):
    """What one worker has counted, or all have: `totals` only grow, `levels` are as they are at the time."""

    durations: Durations = {}
    totals: Numbers = {}
    levels: Numbers = {}
    at: float = 0.0
    workers: int = 0


_decode = msgspec.msgpack.Decoder(Snapshot).decode
_encode = msgspec.msgpack.Encoder().encode


class SharedCounts:
    """The files `metrics-<worker>` in a directory; `before` is what this worker's predecessor left."""

    def __init__(self, directory: Path, worker: int) -> None:
        self._directory = directory
        self._path = directory / f"metrics-{worker}"
        self.before = self._read(self._path)

    def write(self, own: Snapshot) -> None:
        """Keep what this worker has counted."""
        fresh = self._path.with_suffix(".tmp")
        try:
            fresh.write_bytes(_encode(own))
            fresh.rename(self._path)
        except OSError as error:
            logger.error("the counts of this worker could not be written: %s", error)

    def sum(self, own: Snapshot) -> Snapshot:
        """Return what all workers have counted; `own` is this worker's, which is written first."""
        self.write(own)
        total = Snapshot()
        for each in (own, *self._others()):
            _add(total, each)
        return total

    def _others(self) -> Iterator[Snapshot]:
        for path in self._directory.glob("metrics-*[0-9]"):
            if path != self._path:
                yield self._read(path)

    def _read(self, path: Path) -> Snapshot:
        try:
            return _decode(path.read_bytes())
        except FileNotFoundError:
            return Snapshot()
        except msgspec.DecodeError as error:
            logger.error("%s is passed over: %s", path, error)
            return Snapshot()


def forget(directory: Path) -> None:
    """Remove what the workers of an earlier gateway have counted."""
    for path in directory.glob("metrics-*"):
        path.unlink()


def _add(total: Snapshot, part: Snapshot) -> None:
    for key, histogram in part.durations.items():
        found = total.durations.get(key)
        total.durations[key] = histogram + found if found else histogram
    _sum(total.totals, part.totals)
    if part.at > monotonic() - FRESH:
        _sum(total.levels, part.levels)
        total.workers += 1


def _sum(total: Numbers, part: Numbers) -> None:
    for key, number in part.items():
        total[key] = total.get(key, 0.0) + number
