"""A clean stop: what SIGTERM and Ctrl-C set, and the parts wait for."""

from __future__ import annotations

import signal
from queue import Empty, SimpleQueue
from threading import Event


class Stop(Event):
    """An event that a signal handler may set.

    `Event.set` takes a lock that the interrupted thread may hold in `Event.wait`: a process would hang
    instead of stopping. `SimpleQueue.put` is made for such places.
    """

    def __init__(self) -> None:
        super().__init__()
        self._queue: SimpleQueue[None] = SimpleQueue()

    def is_set(self) -> bool:
        return not self._queue.empty()

    def set(self) -> None:
        self._queue.put(None)

    def wait(self, timeout: float | None = None) -> bool:
        try:
            self._queue.put(self._queue.get(timeout=timeout))
        except Empty:
            return False
        return True


def on_signals() -> Stop:
    """Return what SIGTERM and SIGINT set from now on."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
