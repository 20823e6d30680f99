"""The picture of `noria status`: each stage of the wheel in a line, and the last decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from noria.cli import decisions
from noria.cli.decisions import metrics, moment
from noria.core.rollout import Rollout
from noria.core.steps import Look
from noria.core.traffic import Plan
from noria.rows import AlertRow, QualityRow, RunRow

BAR = 20
"""Characters of the bar that shows how far a step of the rollout is."""


def picture(seen: dict[str, Any]) -> Group:
    """Return the picture of what `noria.cli.status.seen` returns; nothing in it is cut."""
    wheel = Table(box=None, show_header=False, pad_edge=False)
    wheel.add_column(style="bold", no_wrap=True)
    wheel.add_column(overflow="fold")
    for stage, said in _stages(seen):
        wheel.add_row(stage, Text(said))
    return Group(_head(seen), "", wheel, "", decisions.table(reversed(seen["decisions"])))


def _head(seen: dict[str, Any]) -> Text:
    up = Text("up", style="green") if seen["up"] else Text("down: noria up starts it", style="yellow")
    paused = Text(", paused: noria resume lets runs start again", style="yellow") if seen["paused"] else ""
    return Text.assemble((f"{seen['model']}  ", "bold"), up, paused)


def _stages(seen: dict[str, Any]) -> Iterator[tuple[str, str]]:
    collector, controller = (seen["parts"].get(part, {}) for part in ("collector", "controller"))
    run: RunRow | None = seen["run"]
    yield "champion", _champion(seen)
    yield "traffic", _traffic(seen["plan"])
    yield "rollout", _rollout(seen["rollout"], seen["look"]) if seen["rollout"] else "none yet"
    if seen["guard"]:
        yield "guard", f"until {moment(seen['rollout'].guarded_until)}: {seen['guard'].said}"
    yield "run", f"{run.id[:8]} {_place(run)}: {run.reason}" if run else "none yet: noria run makes one"
    if run and (run.error or run.verdicts):
        yield "gates" if run.verdicts else "fault", run.error or f"{len(run.verdicts)} passed"
    yield "data", f"{collector.get('predictions', 0):,} predictions, {collector.get('labels', 0):,} labels"
    if waiting := collector.get("held_labels"):
        yield "held", f"{waiting:,} labels wait to be released or dropped: noria feedback"
    if unknown := seen["unknown_labels"]:
        yield "unknown", f"{unknown[-1].reason}, on {unknown[-1].day}"
    yield "quality", _quality(seen["quality"][-1]) if seen["quality"] else "no day is mature yet"
    yield "alerts", _alerts(seen["alerts"])
    for fault in (*_unlogged(seen), *_unwatched(collector, seen["alerts"])):
        yield "fault", fault
    yield "next", _next(controller)


def _champion(seen: dict[str, Any]) -> str:
    if seen["champion"] is None:
        return "none yet"
    since = f" since {moment(seen['promoted'][-1])}" if seen["promoted"] else ""
    facts = seen["champion_facts"]
    measured = f": {metrics(facts.facts['metrics'])} on its holdout" if facts else ""
    return f"version {seen['champion']}{since}{measured}"


def _traffic(plan: Plan | None) -> str:
    if plan is None or not plan.arms:
        return "nobody serves yet"
    shares = ", ".join(f"version {arm.version}: {arm.share}%" for arm in plan.arms)
    return shares + (f"; copies to version {plan.shadow}" if plan.shadow else "")


def _rollout(rollout: Rollout, look: Look | None) -> str:
    step, held = rollout.current, ", held" if rollout.held else ""
    told = f"version {rollout.version} {rollout.phase}{held}"
    if step is None or look is None:
        return f"{told}: {rollout.reason}"
    full = min(BAR, int(look.numbers["challenger_requests"]) * BAR // step.requests)
    weight = f" at {step.weight}%" if step.weight else ""
    return f"{told}{weight} {'━' * full}{'╌' * (BAR - full)} {look.reason}"


def _place(run: RunRow) -> str:
    return f"{run.stage} ..." if run.ended is None else run.status


def _quality(row: QualityRow) -> str:
    labelled = f"{row.rows} of {row.predictions} labelled"
    return f"{row.day}, version {row.version}, {labelled}: {metrics(row.metrics)}"


def _alerts(alerts: Sequence[AlertRow]) -> str:
    lines = [f"{alert.severity}: {alert.title} ({alert.id}): {alert.next}" for alert in alerts]
    return "\n".join(lines) or "none is open"


def _unlogged(seen: dict[str, Any]) -> Iterator[str]:
    if seen["up"] and seen["plan"] and not seen["logging"]:
        yield "predictions are not kept: the disk is full, and the gateway has given up its reserve"


def _unwatched(collector: dict[str, Any], alerts: Sequence[AlertRow]) -> Iterator[str]:
    """Yield what keeps the monitors from watching, or people from being told."""
    for version, why in collector.get("unmonitored", {}).items():
        yield f"version {version} is not watched: {why}"
    if why := collector.get("unaudited"):
        yield f"skew is not looked for: {why}"
    if why := collector.get("unalerted"):
        yield why
    for alert in alerts:
        for route, why in alert.failed.items():
            yield f"alert {alert.id} did not reach {route}: {why}"


def _next(controller: dict[str, Any]) -> str:
    until = controller.get("until")
    when = f", until {until[:16].replace('T', ' ')} UTC" if until else ""
    return f"{controller.get('decision', 'the controller has not looked yet')}{when}"
