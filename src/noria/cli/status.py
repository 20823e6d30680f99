"""`noria status`: the wheel, with the state of each stage."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from noria.cli.session import AsJson, find_project, print_json

if TYPE_CHECKING:
    from rich.console import Group

    from noria.project.model import Project

TOLD = 8
"""Decisions that are shown."""


def command(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on showing it, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show champion, rollout, run, data, and the last decisions with their reasons."""
    from rich.console import Console
    from rich.live import Live

    project = find_project()
    if as_json:
        print_json(_seen(project))
    elif watch:
        with Live(_picture(_seen(project)), refresh_per_second=4, screen=True) as live:
            while True:
                time.sleep(0.5)
                live.update(_picture(_seen(project)))
    else:
        Console().print(_picture(_seen(project)))


def _seen(project: Project) -> dict[str, Any]:
    """Return everything that the picture shows, as values."""
    from noria.adapters.supervisor import is_up
    from noria.wiring import state

    store = state(project)
    row = store.model(project.name)
    runs = [run for run in store.runs(project.name, 5) if run.status != "merged"]
    return {
        "model": project.name,
        "up": is_up(project.home / "up.lock"),
        "champion": row.champion,
        "previous": row.previous[-3:],
        "paused": row.paused,
        "plan": row.plan,
        "rollout": row.rollout,
        "window": store.window(project.name, row.plan.number) if row.plan else {},
        "run": runs[0] if runs else None,
        "quality": store.quality(project.name)[-1:],
        "parts": store.beats(),
        "decisions": store.ledger(project.name, TOLD),
    }


def _picture(seen: dict[str, Any]) -> Group:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    wheel = Table(box=None, show_header=False, pad_edge=False)
    wheel.add_column(style="bold", width=9)
    for stage, said in _stages(seen):
        wheel.add_row(stage, said)
    told = Table("when", "who", "what", "why", box=None, pad_edge=False)
    for entry in reversed(seen["decisions"]):
        body = entry["body"]
        when = datetime.fromisoformat(str(entry["at"])) if isinstance(entry["at"], str) else entry["at"]
        about = body.get("version") or body.get("run") or ""
        why = body.get("reason") or body.get("error") or ""
        told.add_row(_moment(when), entry["actor"], f"{entry['kind']} {about}", why)
    state = "up" if seen["up"] else "down"
    head = Text(f"{seen['model']}: {state}{', paused' if seen['paused'] else ''}", style="bold")
    return Group(head, "", wheel, "", told)


def _stages(seen: dict[str, Any]) -> list[tuple[str, str]]:
    run, rollout, plan = seen["run"], seen["rollout"], seen["plan"]
    collector = seen["parts"].get("collector", {})
    controller = seen["parts"].get("controller", {})
    shares = ", ".join(f"{arm.version}: {arm.share}%" for arm in plan.arms) if plan else "nobody serves yet"
    shadow = f", shadow: {plan.shadow}" if plan and plan.shadow else ""
    quality = seen["quality"][-1] if seen["quality"] else None
    return [
        ("data", f"{collector.get('predictions', 0)} predictions, {collector.get('labels', 0)} labels"),
        ("run", f"{run.id} {run.status}, {run.stage}: {run.reason}" if run else "none yet"),
        ("gates", run.error or _passed(run) if run else ""),
        ("rollout", _rollout(rollout, seen["window"]) if rollout else "none yet"),
        ("traffic", shares + shadow),
        ("quality", _quality(quality) if quality else "no day is mature yet"),
        ("next", str(controller.get("decision", "the controller has not looked yet"))),
    ]


def _passed(run: Any) -> str:
    return f"{len(run.verdicts)} passed" if run.verdicts else ""


def _rollout(rollout: Any, window: dict[int, Any]) -> str:
    step, held = rollout.current, ", held" if rollout.held else ""
    seen = window.get(rollout.version)
    counted = f", {seen.requests if seen else 0} of {step.requests} requests" if step else ""
    return f"version {rollout.version}: {rollout.phase}{held}{counted} ({rollout.reason})"


def _quality(row: Any) -> str:
    metrics = ", ".join(f"{name} {value:.4f}" for name, value in row.metrics.items())
    return f"{row.day}, version {row.version}, {row.rows} of {row.predictions} labelled: {metrics}"


def _moment(when: Any) -> str:
    if isinstance(when, int | float):
        when = datetime.fromtimestamp(when, UTC)
    return f"{when:%Y-%m-%d %H:%M}"
