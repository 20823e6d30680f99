"""One look at a rollout's step: passed, breached, or not enough seen yet.

No requests, no latency and no answer are never a pass: the step goes on (invariant 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from noria.core.rollout import Signal, Step
from noria.core.window import AbortRule, ArmWindow

ENOUGH = 50
"""Requests below which a limit is not held against a version: one error in ten requests says little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look said: a signal or None, a sentence why, and the numbers that it saw."""

    signal: Signal | None
    reason: str
    numbers: dict[str, float]


def look(step: Step, challenger: ArmWindow, champion: ArmWindow, rules: Sequence[AbortRule]) -> Look:
    """Judge a step by what both versions did since it began; a breach goes before a pass."""
    numbers = _numbers(challenger, champion)
    for rule in rules:
        if breach := _breach(rule, challenger, champion):
            return Look(signal=Signal.BREACHED, reason=breach, numbers=numbers)
    seen = f"{challenger.requests} of {step.requests} requests seen"
    if challenger.requests < step.requests:
        return Look(signal=None, reason=seen, numbers=numbers)
    return Look(signal=Signal.PASSED, reason=f"{seen}, no limit breached", numbers=numbers)


def _breach(rule: AbortRule, challenger: ArmWindow, champion: ArmWindow) -> str:
    """Return why a rule is breached, or "" when it is not, or when too little was seen to say so."""
    seen, limit = _measure(rule.measure, challenger), rule.limit
    if rule.of_champion:
        base = _measure(rule.measure, champion)
        limit = float("inf") if base is None or champion.requests < ENOUGH else base * rule.limit
    if seen is None or seen <= limit or challenger.requests + challenger.errors < ENOUGH:
        return ""
    return f"{rule.measure} is {seen:.4g}, the limit is {limit:.4g} ({rule.text})"


def _measure(name: str, window: ArmWindow) -> float | None:
    if name == "p99":
        return window.p99
    total = window.requests + window.errors
    return window.errors / total if total else None


def _numbers(challenger: ArmWindow, champion: ArmWindow) -> dict[str, float]:
    both = (("challenger", challenger), ("champion", champion))
    numbers: dict[str, float] = {f"{who}_requests": window.requests for who, window in both}
    numbers |= {f"{who}_errors": window.errors for who, window in both}
    return numbers | {f"{who}_p99": window.p99 for who, window in both if window.p99 is not None}
