"""Ids for predictions whose client gave none."""

from __future__ import annotations

import os
from itertools import count

from noria.ports import Clock


class Mint:
    """Makes ids like a UUID of version 7: 32 hex digits that rise with time."""

    def __init__(self, clock: Clock) -> None:
        self._prefix = f"{int(clock.now().timestamp() * 1000):012x}{os.urandom(5).hex()}"
        self._next = count().__next__

    def __call__(self) -> str:
        return f"{self._prefix}{self._next():010x}"
