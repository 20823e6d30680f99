"""`noria abort`: end the open rollout, and leave all traffic with the champion."""

from __future__ import annotations

from noria.cli.session import DryRun, Message, Yes
from noria.core.rollout import Signal


def command(message: Message = "aborted by hand", yes: Yes = False, dry_run: DryRun = False) -> None:
    """Abort the rollout; the champion keeps all traffic."""
    from noria.cli.signalling import give

    give(Signal.ABORT, message, yes=yes, dry_run=dry_run)
