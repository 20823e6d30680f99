"""The worker processes of a gateway: forked by the keeper, restarted when they die, replaced one by one."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable
from time import monotonic

logger = logging.getLogger(__name__)

BACK_OFF = (0.0, 0.0, 0.2, 1.0)
"""Seconds before a restart, by the number of deaths in the last DEATH_WINDOW seconds."""
DEATH_WINDOW = 10.0
REPLACE_TIMEOUT = 30.0
_PR_SET_PDEATHSIG = 1


class Workers:
    """So many processes as are `wanted`, each with a number.

    While one replaces another there is one more. The numbers go from 0 to `wanted`, and no two processes
    have the same at a time: it names the segments that a worker writes.
    """

    def __init__(self, wanted: int, serve: Callable[[int], None], ready: Callable[[int, int], bool]) -> None:
        """`serve` runs in a worker, until SIGTERM; `ready` tells whether a number with a pid serves yet."""
        self._wanted = wanted
        self._serve = serve
        self._ready = ready
        self._running: dict[int, int] = {}  # number: pid
        self._leaving: dict[int, int] = {}
        self._deaths: list[float] = []
        self._old: list[int] = []
        self._since = 0.0

    @property
    def none(self) -> bool:
        return not (self._running or self._leaving)

    def tend(self) -> None:
        """Do what is due: start those that are missing, and go on replacing."""
        deaths = [death for death in self._deaths if death > monotonic() - DEATH_WINDOW]
        wait = BACK_OFF[min(len(deaths), len(BACK_OFF) - 1)]
        try:
            while len(self._running) < self._wanted and (not deaths or monotonic() >= deaths[-1] + wait):
                self._start()
            if self._old:
                self._replace()
        except OSError as error:  # the machine has no memory or no process left
            logger.error("no worker could be started: %s", error)
            self._deaths.append(monotonic())

    def reap(self) -> list[int]:
        """Return the numbers of the workers that have ended."""
        ended = []
        for group in (self._running, self._leaving):
            for number, pid in list(group.items()):
                found, status = os.waitpid(pid, os.WNOHANG)
                if found:
                    del group[number]
                    ended.append(number)
                    if group is self._running:
                        self._deaths = [*self._deaths[-len(BACK_OFF) :], monotonic()]
                        logger.error("worker %d %s", number, _ending(os.waitstatus_to_exitcode(status)))
        return ended

    def replace_all(self) -> None:
        """Replace the workers one by one: the next one leaves when the one before has a successor."""
        self._old = list(self._running)
        self._since = monotonic()

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send all workers a signal."""
        for pid in (*self._running.values(), *self._leaving.values()):
            os.kill(pid, number)

    def _replace(self) -> None:
        if len(self._running) == self._wanted:
            self._since = monotonic()
            self._start()
            return
        serving = all(self._ready(number, pid) for number, pid in self._running.items())
        if serving or monotonic() > self._since + REPLACE_TIMEOUT:
            number = self._old.pop(0)
            if number in self._running:
                self._leaving[number] = self._running.pop(number)
                os.kill(self._leaving[number], signal.SIGTERM)

    def _start(self) -> None:
        taken = self._running.keys() | self._leaving.keys()
        number = min(set(range(self._wanted + 1 + len(self._leaving))) - taken)
        keeper = os.getpid()
        pid = os.fork()
        if pid == 0:
            _be_worker(keeper, lambda: self._serve(number))
        self._running[number] = pid


def _be_worker(keeper: int, serve: Callable[[], None]) -> None:
    """Serve, and leave without what the keeper would do at its end."""
    code = 1
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == keeper:  # it did not die before the line above
            serve()
            code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _ending(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
