"""`noria resume`: let runs and rollouts start again."""

from __future__ import annotations

from noria.cli.session import Message, actor, find_project


def command(message: Message = "by hand") -> None:
    """Let runs and rollouts start again."""
    from noria.loop.advance import set_paused
    from noria.wiring import build

    parts = build(find_project())
    set_paused(parts, False, actor=actor(), reason=message)
    print(f"{parts.model}: resumed")
