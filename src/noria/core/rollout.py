"""The rollout's state machine, as one table.

A rollout is a row that short workflows advance: from candidate to champion, or back. The rules:

1. A version takes traffic only after the gateways have verified and loaded it.
2. A step ends only on evidence; missing evidence holds the rollout where it is.
3. Without a champion there is nothing to compare with: the first version is promoted once it is loaded.
4. A hold stands beside the phase: nothing passes while it lasts, but a breach or an abort still acts.
5. What has ended never moves again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from noria.core.traffic import Arm, Plan
from noria.errors import IllegalSignal


class Phase(StrEnum):
    LOADING = "loading"
    SHADOW = "shadow"
    WEIGHTED = "weighted"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"
    ABORTED = "aborted"
    SUPERSEDED = "superseded"


class Signal(StrEnum):
    LOADED = "loaded"
    PASSED = "passed"
    BREACHED = "breached"
    PROMOTE = "promote"
    ABORT = "abort"
    SUPERSEDE = "supersede"
    HOLD = "hold"
    RELEASE = "release"


class _Next(StrEnum):
    """Where a passed step leads: the next step's phase, or the promotion after the last."""

    STEP = "next step"


_OPEN = {
    Signal.BREACHED: Phase.ROLLED_BACK,
    Signal.PROMOTE: Phase.PROMOTED,
    Signal.ABORT: Phase.ABORTED,
    Signal.SUPERSEDE: Phase.SUPERSEDED,
}
TABLE: dict[Phase, dict[Signal, Phase | _Next]] = {
    Phase.LOADING: {**_OPEN, Signal.LOADED: _Next.STEP},
    Phase.SHADOW: {**_OPEN, Signal.PASSED: _Next.STEP},
    Phase.WEIGHTED: {**_OPEN, Signal.PASSED: _Next.STEP},
    Phase.PROMOTED: {},
    Phase.ROLLED_BACK: {},
    Phase.ABORTED: {},
    Phase.SUPERSEDED: {},
}
del TABLE[Phase.LOADING][Signal.PROMOTE]  # rule 1: nobody can promote what no gateway has loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a rollout: `weight` percent of the entities (0: shadow) until `requests` were answered."""

    weight: int
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One version on its way from candidate to champion.

    `step` counts from -1 (loading); `champion` is the version that serves meanwhile, and that a rollback
    returns to; `entered` is when the present step began. `guard` is how long the champion before goes on as a
    shadow after the promotion, None: not at all; see `noria.core.guard`.
    """

    id: str
    model: str
    version: int
    champion: int | None
    steps: tuple[Step, ...]
    phase: Phase
    step: int
    held: bool
    opened: datetime
    entered: datetime
    reason: str
    guard: timedelta | None = None

    @property
    def ended(self) -> bool:
        return not TABLE[self.phase]

    @property
    def current(self) -> Step | None:
        return self.steps[self.step] if 0 <= self.step < len(self.steps) else None

    @property
    def guarded_until(self) -> datetime | None:
        """When the guard after the promotion ends; None where there is none."""
        promoted = self.phase is Phase.PROMOTED and self.champion is not None
        return self.entered + self.guard if promoted and self.guard else None


def open_rollout(
    name: str,
    *,
    model: str,
    version: int,
    champion: int | None,
    steps: tuple[Step, ...],
    now: datetime,
    reason: str,
    guard: timedelta | None = None,
) -> Rollout:
    """Return the rollout of a registered version, before anything was loaded."""
    return Rollout(
        id=name,
        model=model,
        version=version,
        champion=champion,
        steps=() if champion is None else steps,
        phase=Phase.LOADING,
        step=-1,
        held=False,
        opened=now,
        entered=now,
        reason=reason,
        guard=guard,
    )


def advance(rollout: Rollout, signal: Signal, now: datetime, reason: str) -> Rollout:
    """Return the rollout after a signal.

    Raises:
        IllegalSignal: the table has no such transition; the rollout is unchanged.
    """
    if signal in (Signal.HOLD, Signal.RELEASE) and not rollout.ended:
        return replace(rollout, held=signal is Signal.HOLD, reason=reason)
    target = TABLE[rollout.phase].get(signal)
    if target is None or (rollout.held and signal in (Signal.PASSED, Signal.LOADED)):
        state = f"{rollout.phase}, held" if rollout.held else str(rollout.phase)
        raise IllegalSignal(f"rollout {rollout.id} is {state}: it cannot take {signal}", hint="noria status")
    if target is _Next.STEP:
        step = rollout.step + 1
        target = _phase_of(rollout.steps, step)
        return replace(rollout, phase=target, step=step, entered=now, reason=reason)
    assert isinstance(target, Phase)
    return replace(rollout, phase=target, held=False, entered=now, reason=reason)


def plan_of(rollout: Rollout, *, number: int) -> Plan:
    """Return the traffic plan of a rollout's present phase."""

    def plan(*arms: Arm, shadow: int | None = None, standby: int | None = None) -> Plan:
        return Plan(
            model=rollout.model, number=number, salt=rollout.id, arms=arms, shadow=shadow, standby=standby
        )

    if rollout.phase is Phase.PROMOTED:
        before = rollout.champion if rollout.guarded_until else None
        return plan(Arm(version=rollout.version, share=100), shadow=before)
    if rollout.champion is None:
        return plan(standby=None if rollout.ended else rollout.version)
    if rollout.phase is Phase.WEIGHTED:
        weight = rollout.steps[rollout.step].weight
        return plan(
            Arm(version=rollout.version, share=weight), Arm(version=rollout.champion, share=100 - weight)
        )
    champion = Arm(version=rollout.champion, share=100)
    if rollout.phase is Phase.SHADOW:
        return plan(champion, shadow=rollout.version)
    return plan(champion, standby=rollout.version if rollout.phase is Phase.LOADING else None)


def _phase_of(steps: tuple[Step, ...], step: int) -> Phase:
    if step >= len(steps):
        return Phase.PROMOTED
    return Phase.WEIGHTED if steps[step].weight else Phase.SHADOW
