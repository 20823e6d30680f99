"""`noria hook`: let git tell noria of each commit."""

from __future__ import annotations

from noria.cli.session import find_project


def command() -> None:
    """Install a post-commit hook that tells the controller of each commit; a hook that is there stays."""
    from noria.adapters.git import Repository

    print(f"{Repository(find_project().root).install_hook()} tells noria of each commit now")
