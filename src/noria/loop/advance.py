"""Every change of traffic: a rollout's next phase, a promotion, an abort, a rollback.

Each is one compare-and-set of the model's row. Whoever comes second gets StaleEpoch and looks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from noria.core.policy import may_promote
from noria.core.rollout import Phase, Rollout, Signal, advance, open_rollout, plan_of
from noria.core.traffic import Arm, Plan
from noria.errors import StateError
from noria.loop.durable import failpoint
from noria.loop.look import look
from noria.loop.parts import Parts
from noria.rows import Entry, ModelRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A signal that is to be given to the open rollout, by whom, why, and on which numbers."""

    signal: Signal
    reason: str
    actor: str = "noria"
    numbers: Mapping[str, float]


def next_move(parts: Parts, row: ModelRow) -> Move | None:
    """Return what the evidence says about the open rollout now, None while it says nothing."""
    rollout = row.rollout
    if rollout is None or rollout.ended:
        return None
    if fault := parts.gateways.failed(rollout.version):
        what = "could not be loaded" if rollout.phase is Phase.LOADING else "was given up by a gateway"
        return Move(signal=Signal.BREACHED, reason=f"it {what}: {fault}", numbers={})
    if rollout.phase is Phase.LOADING:
        return _loading(parts, rollout)
    seen = look(parts.state, parts.project, row)
    if seen is None or seen.signal is None or (rollout.held and seen.signal is Signal.PASSED):
        return None
    trouble = parts.gateways.trouble(rollout.version) if seen.signal is Signal.BREACHED else ""
    reason = seen.reason if trouble in seen.reason else f"{seen.reason}; {trouble}"
    return Move(signal=seen.signal, reason=reason, numbers=seen.numbers)


def move(parts: Parts, before: ModelRow, moved: Move) -> ModelRow:
    """Give a signal to the open rollout.

    Raises:
        IllegalSignal: the rollout's phase does not take it.
        StaleEpoch: somebody else changed the model first.
        StateError: no rollout is open.
    """
    rollout = before.rollout
    if rollout is None or rollout.ended:
        raise StateError(f"no rollout of {before.name} is open", hint="noria status")
    after = advance(rollout, moved.signal, parts.clock.now(), moved.reason)
    return _change(parts, before, after, moved)


def open_next(parts: Parts, before: ModelRow) -> ModelRow | None:
    """Open the rollout of the newest registered version that had none, if the brakes allow it now.

    The queue is coalesced: versions in between, and an open rollout of an older one, are superseded.
    """
    waiting = waiting_version(parts, before)
    if waiting is None or before.paused:
        return None
    row = parts.state.version(parts.model, waiting)
    if row is None or promotion_wait(parts) is not None:
        return None
    if before.rollout is not None and not before.rollout.ended:
        reason = f"version {waiting} is newer"
        before = move(parts, before, Move(signal=Signal.SUPERSEDE, reason=reason, numbers={}))
    opened = open_rollout(
        f"{parts.model}-{waiting}-{before.epoch}",
        model=parts.model,
        version=waiting,
        champion=before.champion,
        steps=parts.project.rollout.steps,
        now=parts.clock.now(),
        reason=f"registered by run {row.run}",
        guard=parts.project.rollout.guard,
    )
    return _change(parts, before, opened, Move(signal=Signal.RELEASE, reason=opened.reason, numbers={}))


def waiting_version(parts: Parts, row: ModelRow) -> int | None:
    """Return the newest version that was registered after the one that was rolled out last."""
    newest = max((version.version for version in parts.state.versions(parts.model)), default=0)
    last = row.rollout.version if row.rollout else 0
    return newest if newest > last else None


def promotion_wait(parts: Parts) -> Any:
    """Return when the budget of promotions allows the next rollout, None when it does now."""
    times = parts.state.promotions(parts.model)
    return may_promote(parts.project.brakes, times, parts.clock.now())


def rollback(
    parts: Parts, before: ModelRow, *, actor: str, reason: str, numbers: Mapping[str, float] | None = None
) -> ModelRow:
    """Give all traffic back to the last version that was champion; an open rollout ends with it.

    Raises:
        StateError: no version was champion before.
        StaleEpoch: somebody else changed the model first.
    """
    if not before.previous:
        raise StateError(
            f"{before.name} has no champion before version {before.champion}", hint="noria models"
        )
    now, rollout, target = parts.clock.now(), before.rollout, before.previous[-1]
    if rollout is not None and not rollout.ended:
        rollout = advance(rollout, Signal.ABORT, now, reason)
    plan = Plan(
        model=before.name,
        number=next_number(before),
        salt=f"rollback-{before.epoch}",
        arms=(Arm(version=target, share=100),),
    )
    after = replace(before, champion=target, previous=before.previous[:-1], plan=plan, rollout=rollout)
    body = {"version": target, "instead_of": before.champion, "reason": reason, "numbers": numbers or {}}
    return parts.state.change(before, after, [Entry(at=now, actor=actor, kind="rollback", body=body)])


def set_paused(parts: Parts, paused: bool, *, actor: str, reason: str) -> ModelRow:
    """Throw or lift the kill switch: no run and no rollout starts while it is on; serving goes on."""
    before = parts.state.model(parts.model)
    kind = "paused" if paused else "resumed"
    entry = Entry(at=parts.clock.now(), actor=actor, kind=kind, body={"reason": reason})
    return parts.state.change(before, replace(before, paused=paused), [entry])


def _loading(parts: Parts, rollout: Rollout) -> Move | None:
    if rollout.held or not parts.gateways.loaded(rollout.version):
        return None
    return Move(signal=Signal.LOADED, reason="verified and loaded by every gateway", numbers={})


def _change(parts: Parts, before: ModelRow, rollout: Rollout, moved: Move) -> ModelRow:
    """Write rollout, plan, champion and ledger entry in one transaction."""
    plan = plan_of(rollout, number=next_number(before))
    if (
        before.plan is not None
        and replace(plan, number=before.plan.number, salt=before.plan.salt) == before.plan
    ):
        plan = before.plan  # the same traffic: a hold, or a rollout that ended as it began
    promoted = rollout.phase is Phase.PROMOTED
    previous = before.previous
    if promoted and before.champion is not None:
        previous = (*previous, before.champion)
    after = replace(
        before,
        champion=rollout.version if promoted else before.champion,
        previous=previous,
        plan=plan,
        rollout=rollout,
    )
    body = {
        "rollout": rollout.id,
        "version": rollout.version,
        "champion": before.champion,
        "phase": rollout.phase,
        "step": rollout.step,
        "held": rollout.held,
        "reason": moved.reason,
        "numbers": dict(moved.numbers),
    }
    entry = Entry(at=parts.clock.now(), actor=moved.actor, kind=_kind(before, rollout), body=body)
    failpoint("advance.change", "before")
    changed = parts.state.change(before, after, [entry])
    failpoint("advance.change", "after")
    return changed


def _kind(before: ModelRow, rollout: Rollout) -> str:
    if before.rollout is None or before.rollout.id != rollout.id:
        return "rollout opened"
    if before.rollout.held != rollout.held and before.rollout.phase is rollout.phase:
        return "held" if rollout.held else "released"
    return str(rollout.phase)


def next_number(row: ModelRow) -> int:
    return row.plan.number + 1 if row.plan else 1
