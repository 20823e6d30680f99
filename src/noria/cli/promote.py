"""`noria promote`: give the open rollout's version all traffic now."""

from __future__ import annotations

from noria.cli.session import DryRun, Message, Yes
from noria.core.rollout import Signal


def command(message: Message = "promoted by hand", yes: Yes = False, dry_run: DryRun = False) -> None:
    """Promote the version that is being rolled out, now."""
    from noria.cli.signalling import give

    give(Signal.PROMOTE, message, yes=yes, dry_run=dry_run)
