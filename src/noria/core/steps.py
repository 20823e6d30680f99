"""One look at a rollout's step: passed, breached, or not enough seen yet.

No requests, no latency and no answer are never a pass, and neither is what may be chance: the step goes on
(invariant 10). All tests are sequential, so one may look as often as one likes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from noria.core.gain import QualityLimit, waits, worse
from noria.core.limits import judge, needs_ratio, sample_ratio
from noria.core.paired import Paired
from noria.core.rollout import Rollout, Signal, Step
from noria.core.window import AbortRule, ArmCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look said: a signal or None, a sentence why, and the numbers to recompute it from."""

    signal: Signal | None
    reason: str
    numbers: dict[str, float]


def look_at(
    rollout: Rollout,
    arms: Mapping[int, ArmCounts],
    rules: Sequence[AbortRule],
    quality: QualityLimit | None = None,
    days: Sequence[Paired] = (),
) -> Look | None:
    """Look at a rollout's present step; `arms` is by version. None while there is no step to look at.

    `days` hold the challenger against the champion on each matured day since the step began.
    """
    if rollout.ended or rollout.current is None or rollout.champion is None:
        return None
    challenger, champion = (arms.get(version, ArmCounts()) for version in (rollout.version, rollout.champion))
    return look(rollout.current, challenger, champion, rules, quality, days)


def look(
    step: Step,
    challenger: ArmCounts,
    champion: ArmCounts,
    rules: Sequence[AbortRule],
    quality: QualityLimit | None = None,
    days: Sequence[Paired] = (),
) -> Look:
    """Judge a step by what both versions did since it began; a breach goes before a pass.

    In a weighted step the sample ratio comes first: while the entities are not split as planned, nothing
    passes, and what trusts the split is not asked.
    """
    share = step.weight / 100 if step.weight else 0.5  # a shadow gets a copy of each request
    ratio = [sample_ratio(challenger, champion, share)] if step.weight else []
    lopsided = next((finding for finding in ratio if finding.proven), None)
    limits = [
        judge(rule, challenger, champion, share) for rule in rules if not (lopsided and needs_ratio(rule))
    ]
    losses = worse(quality, days) if quality and days and not lopsided else []
    breach = next((finding for finding in (*limits, *losses) if finding.proven), None)
    doubtful = next((finding for finding in limits if finding.above), None)
    seen = f"{challenger.requests} of {step.requests} requests seen"

    def said(signal: Signal | None, reason: str) -> Look:
        numbers = _numbers(challenger, champion) | {"needed_requests": step.requests}
        for finding in (*ratio, *limits, *losses):
            numbers |= finding.numbers
        return Look(signal=signal, reason=reason, numbers=numbers)

    if breach:
        return said(Signal.BREACHED, breach.said)
    if lopsided:
        return said(None, f"{lopsided.said}: the two cannot be compared")
    if challenger.requests < step.requests:
        return said(None, seen)
    if doubtful:
        return said(None, f"{doubtful.said}, by chance perhaps: it goes on")
    if quality and (missing := waits(quality, days)):
        return said(None, missing)
    return said(Signal.PASSED, f"{seen}, no limit breached")


def _numbers(challenger: ArmCounts, champion: ArmCounts) -> dict[str, float]:
    both = (("challenger", challenger), ("champion", champion))
    numbers: dict[str, float] = {f"{who}_requests": arm.requests for who, arm in both}
    numbers |= {f"{who}_errors": arm.errors for who, arm in both}
    return numbers | {f"{who}_p99": arm.p99 for who, arm in both if arm.p99 is not None}
