"""`noria pause`: stop runs and rollouts from starting; serving goes on."""

from __future__ import annotations

from noria.cli.session import Message, actor, find_project


def command(message: Message = "by hand") -> None:
    """Stop runs and rollouts from starting; serving goes on."""
    from noria.loop.advance import set_paused
    from noria.wiring import build

    parts = build(find_project())
    set_paused(parts, True, actor=actor(), reason=message)
    print(f"{parts.model}: paused")
