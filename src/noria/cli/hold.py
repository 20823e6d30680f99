"""`noria hold`: let the open rollout stay where it is."""

from __future__ import annotations

from noria.cli.session import DryRun, Message, Yes
from noria.core.rollout import Signal


def command(message: Message = "held by hand", yes: Yes = False, dry_run: DryRun = False) -> None:
    """Hold the rollout where it is; a breached limit still ends it."""
    from noria.cli.signalling import give

    give(Signal.HOLD, message, yes=yes, dry_run=dry_run)
