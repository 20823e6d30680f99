"""`noria release`: let a held rollout go on."""

from __future__ import annotations

from noria.cli.session import DryRun, Message, Yes
from noria.core.rollout import Signal


def command(message: Message = "released by hand", yes: Yes = False, dry_run: DryRun = False) -> None:
    """Let a held rollout go on."""
    from noria.cli.signalling import give

    give(Signal.RELEASE, message, yes=yes, dry_run=dry_run)
