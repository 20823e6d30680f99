"""Gives a signal to the open rollout, for the verbs promote, abort, hold and release."""

from __future__ import annotations

from noria.cli.session import actor, confirm, find_project
from noria.core.rollout import Signal, advance
from noria.errors import StateError
from noria.loop.advance import Move, move
from noria.loop.projection import publish
from noria.wiring import build


def give(signal: Signal, message: str, *, yes: bool, dry_run: bool) -> None:
    """Give the signal, after asking, and publish the plan that follows.

    Raises:
        StateError: no rollout is open, it cannot take the signal, or somebody else was faster.
    """
    parts = build(find_project())
    row = parts.state.model(parts.model)
    if row.rollout is None or row.rollout.ended:
        raise StateError(f"no rollout of {row.name} is open", hint="noria status")
    after = advance(row.rollout, signal, parts.clock.now(), message)
    version, held = row.rollout.version, ", held" if after.held else ""
    what = f"{row.name}/{version}: {row.rollout.phase} -> {after.phase}{held}"
    if dry_run:
        print(f"would be done: {what}")
        return
    confirm(f"{what}. Go on?", yes=yes)
    move(parts, row, Move(signal=signal, reason=message, actor=actor(), numbers={}))
    publish(parts)
    print(what)
