"""The time that a gate may take."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class TimeUp(BaseException):
    """A gate's time is up. It is no Exception, so that nothing that a gate expects to go wrong hides it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeUp after so many seconds, as soon as Python code runs again; for a process's main thread."""

    def expire(*_: object) -> None:
        raise TimeUp

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
