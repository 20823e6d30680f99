"""Failures that the ledger tells of: a rollout that was taken back, by a limit, by the guard or by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from noria.errors import StateError


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A `version` that was rolled out over the version `before` from `begin`, and failed at `end`.

    `rollout` is the rollout's name; `reason` is what was said as it was taken back.
    """

    rollout: str
    version: int
    before: int
    begin: datetime
    end: datetime
    reason: str


def find(entries: Iterable[Mapping[str, Any]], rollout: str | None) -> Failure:
    """Return the failure of a rollout, by default of the last one that failed.

    Raises:
        StateError: there is none; the message names those that failed.
    """
    found = {failure.rollout: failure for failure in failures(entries)}
    if not found:
        raise StateError("no rollout has failed yet: none was rolled back or aborted", hint="noria ledger")
    if rollout is None:
        return list(found.values())[-1]
    if rollout not in found:
        raise StateError(
            f"no rollout {rollout} has failed; those that did: {', '.join(found)}", hint="noria ledger"
        )
    return found[rollout]


def failures(entries: Iterable[Mapping[str, Any]]) -> list[Failure]:
    """Return every failure that ledger entries, oldest first, tell of."""
    opened: dict[int, tuple[str, datetime]] = {}
    found = []
    for entry in entries:
        body, at = entry["body"], datetime.fromtimestamp(entry["at"], UTC)
        if entry["kind"] == "rollout opened":
            opened[body["version"]] = body["rollout"], at
        pair = _taken_back(entry)
        if pair and pair[0] in opened:
            (version, before), (rollout, begin) = pair, opened[pair[0]]
            found.append(
                Failure(
                    rollout=rollout,
                    version=version,
                    before=before,
                    begin=begin,
                    end=at,
                    reason=body["reason"],
                )
            )
    return found


def _taken_back(entry: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the version that was taken back, and the one that answers instead; None if none was."""
    body = entry["body"]
    if entry["kind"] == "rollback":
        return body["instead_of"], body["version"]
    if entry["kind"] in ("rolled back", "aborted") and body["champion"] is not None:
        return body["version"], body["champion"]
    return None
