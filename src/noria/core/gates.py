"""Gates: checks on a candidate, each with a verdict and its reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"  # it could not be measured
    INCONCLUSIVE = "inconclusive"  # it was measured, and the evidence does not suffice


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A line of [[gates]]: which check, with which options."""

    check: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a gate said: the outcome, a sentence why, and the numbers that it saw."""

    gate: str
    outcome: Outcome
    reason: str
    numbers: dict[str, float] = field(default_factory=dict)
