"""`noria up`: gateway, controller and collector under one supervisor."""

from __future__ import annotations

from noria.cli.session import find_project
from noria.cli.stopping import on_signals


def command() -> None:
    """Start everything for this project; Ctrl-C stops it cleanly."""
    from noria.adapters.supervisor import only_one, parts_of, supervise

    project = find_project()
    stop = on_signals()
    with only_one(project.home / "up.lock"):
        parts = parts_of(
            {name: [name] for name in ("gateway", "controller", "collector")}, project.home / "logs"
        )
        print(f"{project.name} is up: http://{project.serve.host}:{project.serve.port}", flush=True)
        print("watch it with: noria status --watch", flush=True)
        supervise(parts, stop, lambda text: print(text, flush=True))
    print("stopped")
