"""What a request gets: the outputs of its rows, and which versions gave them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from noria.errors import RequestError

FALLBACK = "fallback"
"""The role of the value that a project names for when no version can, or shall, answer."""
ABSTAINED = "abstained"
"""The role of rows that nobody answers, as they are unlike all that the champion learnt from."""
_ROLES = ("champion", "challenger", FALLBACK)


class Answer(msgspec.Struct, frozen=True):
    """The outputs in the order of the rows; `versions` and `roles` are unique, the champion first.

    A fallback stands among the roles, and not among the versions.

    `log` is how the prediction is kept, buffered or durable; "" when it is not.
    """

    id: str
    outputs: list[Any]
    versions: tuple[int, ...]
    roles: tuple[str, ...]
    log: str


Done = Callable[[Answer | RequestError], None]


class Merge:
    """The rows of one request, until all are answered; `rows` holds the row numbers of each version."""

    def __init__(self, key: str, versions: list[int], log: str, done: Done) -> None:
        self.rows: dict[int, list[int]] = {}
        for row, version in enumerate(versions):
            self.rows.setdefault(version, []).append(row)
        self._id = key
        self._outputs: list[Any] = [None] * len(versions)
        self._open = len(self.rows)
        self._arms: dict[str, int] = {}
        self._log = log
        self._done: Done | None = done

    def add(self, rows: list[int], version: int, role: str, outputs: list[Any], logged: bool) -> None:
        for row, output in zip(rows, outputs, strict=True):
            self._outputs[row] = output
        self._arms[role] = version
        self._log = self._log if logged else ""
        self._open -= 1
        if self._open == 0 and self._done:
            roles = tuple(role for role in _ROLES if role in self._arms)
            versions = tuple(self._arms[role] for role in roles if role != FALLBACK)
            self._done(Answer(self._id, self._outputs, versions, roles, self._log))

    def fail(self, error: RequestError) -> None:
        done, self._done = self._done, None
        if done:
            done(error)
