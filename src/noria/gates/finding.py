"""What a gate found: an outcome, a sentence why, the numbers that it saw, and the rows that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from noria.core.gates import Outcome

SHOWN = 20
"""The most rows that a finding keeps."""

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`rows` are plain values by column name: the cases that a person should look at, the worst first."""

    outcome: Outcome
    reason: str
    numbers: dict[str, float] = field(default_factory=dict)
    rows: tuple[dict[str, Any], ...] = ()


def passed(reason: str, *, rows: Rows = (), **numbers: float) -> Finding:
    """Return that all is well."""
    return _finding(Outcome.PASSED, reason, rows, numbers)


def failed(reason: str, *, rows: Rows = (), **numbers: float) -> Finding:
    """Return what is wrong; the reason names it."""
    return _finding(Outcome.FAILED, reason, rows, numbers)


def inconclusive(reason: str, *, rows: Rows = (), **numbers: float) -> Finding:
    """Return that it was measured, and that the evidence does not suffice."""
    return _finding(Outcome.INCONCLUSIVE, reason, rows, numbers)


def _finding(outcome: Outcome, reason: str, rows: Rows, numbers: dict[str, float]) -> Finding:
    return Finding(outcome=outcome, reason=reason, numbers=numbers, rows=tuple(rows[:SHOWN]))
