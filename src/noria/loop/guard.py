"""The guard after a promotion: it takes back a champion that is worse than the model before, or ends."""

from __future__ import annotations

from dataclasses import replace

from noria.core.limits import Finding
from noria.loop.advance import next_number, rollback
from noria.loop.look import guarded
from noria.loop.parts import Parts
from noria.rows import Entry, ModelRow


def watch_over(parts: Parts, row: ModelRow) -> bool:
    """Do what the guard calls for now, paused or not; return whether the traffic changed."""
    seen = guarded(parts.state, parts.project, row)
    if seen is None:
        return False
    if seen.proven:
        rollback(parts, row, actor="noria", reason=seen.said, numbers=seen.numbers)
        return True
    until = row.rollout.guarded_until if row.rollout else None
    if until and parts.clock.now() < until:
        return False
    _end(parts, row, seen)
    return True


def _end(parts: Parts, before: ModelRow, seen: Finding) -> None:
    """Stop the copies to the model before."""
    assert before.plan is not None
    plan = replace(before.plan, number=next_number(before), shadow=None)
    body = {"version": before.champion, "reason": seen.said, "numbers": seen.numbers}
    entry = Entry(at=parts.clock.now(), actor="noria", kind="guard ended", body=body)
    parts.state.change(before, replace(before, plan=plan), [entry])
