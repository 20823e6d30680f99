"""One turn of the wheel: look at everything once, and do what follows.

The controller turns it on the clock of its project, again and again; the replay turns it on a virtual clock,
through a history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from noria.core.policy import Decision, Facts
from noria.loop.advance import move, next_move, open_next
from noria.loop.guard import watch_over
from noria.loop.parts import Parts
from noria.loop.watch import consider, facts, start


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a turn saw and did: whether it started a run, and whether it changed the traffic."""

    facts: Facts
    decision: Decision
    started: bool
    moved: bool


def turn(parts: Parts, watched_since: datetime, launch: Callable[[str], Any]) -> Turn:
    """Carry the traffic one move on, and start the run that is called for, by `launch` and the run's id.

    The traffic goes first: a champion that is taken back is no rival for a run that starts now.
    """
    moved = _advance(parts)
    known = facts(parts, watched_since)
    decision = consider(parts, known)
    started = start(parts, known, decision, launch) if decision.run else None
    return Turn(facts=known, decision=decision, started=started is not None, moved=moved)


def _advance(parts: Parts) -> bool:
    """Watch over the last promotion, open the next rollout, or carry the open one on; at most one of them.

    Returns whether the traffic changed.
    """
    row = parts.state.model(parts.model)
    if watch_over(parts, row):
        return True
    if open_next(parts, row) is not None:
        return True
    moved = next_move(parts, row)
    if moved is None:
        return False
    move(parts, row, moved)
    return True
