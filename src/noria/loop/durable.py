"""A durable step: done once, remembered, and repeated after a crash only if its result was not yet kept.

The workflows take the executor of steps as an argument, so that they are plain functions:
`noria.loop.runtime` gives one that remembers in a database, a test gives `immediate`.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Step(Protocol):
    """Runs `work` under a name that is unique in its workflow, and returns its result as a `kind`."""

    def __call__(self, name: str, work: Callable[[], T], kind: type[T]) -> T: ...


class StepFault(Exception):
    """A step ended with an error that repeating will not mend."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def immediate(name: str, work: Callable[[], Any], kind: type[Any]) -> Any:
    """A step that remembers nothing."""
    return work()


PLACES = ("before", "effect", "after")


def failpoint(step: str, place: str) -> None:
    """Die here if NORIA_FAILPOINT says so, once: `retrain.train:effect=/path/of/a/marker`.

    A kill at each step's three places is how the tests prove that a crash there loses and doubles nothing:
    before its work, after the work and before its result is kept, after the result is kept.
    """
    wanted, _, marker = os.environ.get("NORIA_FAILPOINT", "").partition("=")
    if wanted == f"{step}:{place}" and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
