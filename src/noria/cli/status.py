"""`noria status`: the wheel, with the state of each stage."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from noria.cli.session import AsJson, find_project, print_json

if TYPE_CHECKING:
    from noria.project.model import Project

TOLD = 8
"""Decisions that are shown."""
RECENT = timedelta(days=2)
"""How old labels of unknown predictions may be that are told of."""


def command(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on showing it, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show champion, rollout, run, data, and the last decisions with their reasons."""
    from rich.console import Console
    from rich.live import Live

    from noria.cli.wheel import picture

    project = find_project()
    if as_json:
        print_json(seen(project))
    elif watch:
        with Live(picture(seen(project)), refresh_per_second=4, screen=True) as live:
            while True:
                time.sleep(0.5)
                live.update(picture(seen(project)))
    else:
        Console().print(picture(seen(project)))


def seen(project: Project) -> dict[str, Any]:
    """Return everything that the picture shows, as values."""
    from noria.adapters.supervisor import is_up
    from noria.clock import open_clock
    from noria.loop.look import guarded, look
    from noria.wiring import state

    store = state(project)
    since = (open_clock(project.home).now() - RECENT).date().isoformat()
    row = store.model(project.name)
    runs = [run for run in store.runs(project.name, 5) if run.status != "merged"]
    return {
        "model": project.name,
        "up": is_up(project.home / "up.lock"),
        "logging": (project.home / "reserve").exists(),
        "champion": row.champion,
        "champion_facts": store.version(project.name, row.champion) if row.champion else None,
        "promoted": store.promotions(project.name)[-1:],
        "previous": row.previous[-3:],
        "paused": row.paused,
        "plan": row.plan,
        "rollout": row.rollout,
        "look": look(store, project, row),
        "guard": guarded(store, project, row),
        "run": runs[0] if runs else None,
        "quality": store.quality(project.name)[-1:],
        "unknown_labels": [
            row
            for row in store.signals(project.name, since)
            if row.monitor == "feedback" and row.level != "ok"
        ],
        "alerts": [alert for alert in store.alerts(project.name) if alert.ended is None],
        "parts": store.beats(),
        "decisions": store.ledger(project.name, TOLD),
    }
