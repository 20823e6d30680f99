"""A check: what the specification says, and the function that tries whether a server does it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Failed(Exception):
    """The server does otherwise; the message says what was found."""


class Skipped(Exception):
    """The check does not apply to this server or model; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a check; `found` is what the server did, or why there was nothing to try."""

    check: str
    required: bool
    status: Status
    found: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One demand. `test` returns what it found, and raises Failed or Skipped.

    `says` is the specification's sentence; `required` demands are what it says a server must do, the others
    what clients rely on all the same.
    """

    id: str
    says: str
    required: bool
    test: Callable[[Any], str]

    def __call__(self, target: Any) -> Result:
        try:
            status, found = Status.PASSED, self.test(target)
        except Failed as failed:
            status, found = Status.FAILED, str(failed)
        except Skipped as skipped:
            status, found = Status.SKIPPED, str(skipped)
        return Result(check=self.id, required=self.required, status=status, found=found, says=self.says)


def required(test: Callable[[Any], str]) -> Check:
    """Make a function a required check: its name becomes the id, its docstring is the sentence."""
    return _check(test, required=True)


def optional(test: Callable[[Any], str]) -> Check:
    """Make a function an optional check: its name becomes the id, its docstring is the sentence."""
    return _check(test, required=False)


def _check(test: Callable[[Any], str], *, required: bool) -> Check:
    says = " ".join((inspect.getdoc(test) or "").split())
    return Check(id=test.__name__.replace("_", "-"), says=says, required=required, test=test)
