"""How often a client may ask: token buckets, shared by all workers of a gateway.

A bucket holds `count` tokens and is filled at `count` per `period`. All that has to be kept of it is when it
will be full again (the theoretical arrival time of the generic cell rate algorithm, ITU-T I.371), so a table
of fixed size in a mapped file holds them: nothing is locked, and nothing has to be tidied up.
"""

from __future__ import annotations

import mmap
import os
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from noria.core.policy import Rate

SLOTS = 2**16
PROBES = 8
"""A client's bucket is in one of so many slots."""
_CELLS = SLOTS + PROBES


def admit(full: float, now: float, rate: Rate) -> tuple[float, float]:
    """Take a token from the bucket that is full at `full`; return when it is full then, and the wait.

    All in seconds. A wait above 0 means that the bucket is empty, and nothing was taken.
    """
    period = rate.period.total_seconds()
    after = max(full, now) + period / rate.count
    wait = after - (now + period)
    return (after, 0.0) if wait < 1e-9 else (full, wait)


class Buckets:
    """The buckets of all clients. With more active clients than slots, some get more than their rate."""

    def __init__(self, path: Path) -> None:
        """Map the table at `path`; it is made where there is none."""
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(file, 16 * _CELLS)
            view = memoryview(mmap.mmap(file, 16 * _CELLS))
        finally:
            os.close(file)
        self._keys = view[: 8 * _CELLS].cast("Q")
        self._full = view[8 * _CELLS :].cast("d")

    def take(self, client: str, model: str, rate: Rate, now: float) -> float:
        """Take a token of a client for a model; return 0, or the seconds until there is one again.

        `now` is monotonic time, which all processes of a machine share.
        """
        slot = self._slot(_key(client, model))
        full = self._full[slot]
        if full > now + rate.period.total_seconds():  # the machine, and with it the clock, has started anew
            full = now
        self._full[slot], wait = admit(full, now, rate)
        return wait

    def _slot(self, key: int) -> int:
        """Return where a bucket is; if it is new, it takes the place of the one that is fullest."""
        keys = self._keys
        start = key % SLOTS
        slots = range(start, start + PROBES)
        for slot in slots:
            if keys[slot] == key:
                return slot
        slot = min(slots, key=self._full.__getitem__)
        keys[slot], self._full[slot] = key, 0.0
        return slot


@lru_cache(4096)
def _key(client: str, model: str) -> int:
    return int.from_bytes(blake2b(f"{client}\n{model}".encode(), digest_size=8).digest())
