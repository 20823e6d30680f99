"""`noria rollback`: all traffic back to the last version that was champion."""

from __future__ import annotations

from noria.cli.session import DryRun, Message, Yes, actor, confirm, find_project


def command(message: Message = "rolled back by hand", yes: Yes = False, dry_run: DryRun = False) -> None:
    """Give all traffic back to the champion before."""
    from noria.loop.advance import rollback
    from noria.loop.projection import publish
    from noria.wiring import build

    parts = build(find_project())
    row = parts.state.model(parts.model)
    target = row.previous[-1] if row.previous else None
    what = f"{row.name}: champion {row.champion} -> {target}"
    if dry_run and target is not None:
        print(f"would be done: {what}")
        return
    if target is not None:
        confirm(f"{what}. Go on?", yes=yes)
    rollback(parts, row, actor=actor(), reason=message)
    publish(parts)
    print(what)
