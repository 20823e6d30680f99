"""Gather the facts, ask the policy, and start the run that it calls for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from noria.core.maturity import last_mature_day
from noria.core.policy import Cause, Decision, Facts, decide, triggers
from noria.loop.parts import Parts
from noria.loop.past import RECENT, gains
from noria.monitor.trigger import drift_call
from noria.rows import Entry, ModelRow, RunRow

FRESH = timedelta(days=7)
"""How old a drift is at most that calls for a run: one that goes on is seen again."""


def facts(parts: Parts, watched_since: datetime) -> Facts:
    """Return what the loop knows now."""
    state, name = parts.state, parts.model
    row = state.model(name)
    runs = sorted(state.runs(name, RECENT), key=lambda run: run.started)
    done = [run for run in runs if run.status not in ("queued", "merged")]
    seen = state.beats().get("collector", {})
    now = parts.clock.now()
    return Facts(
        now=now,
        watched_since=watched_since,
        paused=row.paused,
        running=any(run.ended is None for run in done),
        rollout_open=row.rollout is not None and not row.rollout.ended,
        behind="at" in seen and _last_mature_day(parts, seen["at"]) < _last_mature_day(parts, now),
        runs=tuple(run.started for run in done),
        promotions=state.promotions(name),
        asked=tuple(run.id for run in runs if run.status == "queued"),
        head=parts.commits.head(),
        tried=done[-1].commit if done else None,
        labels=int(seen.get("unseen_labels", 0)),
        needed=parts.project.enough_rows,
        source=seen.get("source"),
        seen_source=done[-1].facts.get("source") if done else None,
        gains=gains(done),
        **_quality(parts, row, done[-1].started if done else watched_since),
        drift=_drift(parts, row, now, done[-1].started if done else watched_since),
    )


def consider(parts: Parts, known: Facts) -> Decision:
    """Return what the policy says to these facts; `noria plan` shows the same."""
    return decide(parts.project.brakes, known, triggers(parts.project.triggers, known))


def start(parts: Parts, known: Facts, decision: Decision, launch: Callable[[str], Any]) -> RunRow | None:
    """Write the run down, then launch its workflow; a crash in between is mended by `resume`.

    Runs that were asked for by hand are merged into it. Returns None when this very run was started before.
    """
    state, id_ = parts.state, decision.run_id
    if state.run(id_) is not None:
        return None
    asked = [queued for key in known.asked if (queued := state.run(key))]
    others = [trigger.reason for trigger in decision.triggers if trigger.cause is not Cause.MANUAL]
    reason = "; ".join([*(queued.reason for queued in asked), *others])
    run = RunRow(
        id=id_,
        model=parts.model,
        trigger=decision.triggers[0].cause,
        reason=reason,
        status="running",
        stage="queued",
        started=known.now,
        commit=known.head,
        facts={"source": known.source},
    )
    body = {
        "run": id_,
        "reason": reason,
        "commit": known.head,
        "triggers": decision.triggers,
        "facts": known,
        "policy": {"triggers": parts.project.triggers, "brakes": parts.project.brakes},
    }
    state.save_run(run, [Entry(at=known.now, actor="noria", kind="run", body=body)])
    for queued in asked:
        state.save_run(replace(queued, status="merged", ended=known.now, facts={"into": id_}))
    launch(id_)
    return run


def resume(parts: Parts, launch: Callable[[str], Any]) -> list[str]:
    """Launch every run that has begun and not ended, after a start; launching twice does nothing."""
    begun = [run.id for run in parts.state.runs(parts.model, RECENT) if run.status == "running"]
    for run in begun:
        launch(run)
    return begun


def _last_mature_day(parts: Parts, moment: datetime) -> date:
    return last_mature_day(parts.project.data.label_delay, moment)


def _quality(parts: Parts, row: ModelRow, since: datetime) -> dict[str, Any]:
    """Return the champion's level at its promotion and its daily values since, where they are watched."""
    wanted = parts.project.triggers.quality
    version = None if row.champion is None else parts.state.version(parts.model, row.champion)
    if wanted is None or version is None:
        return {}
    days = parts.state.quality(parts.model, version.version)
    rows = (day for day in days if day.role == "champion" and day.day >= since.date().isoformat())
    values = (day.metrics.get(wanted.metric) for day in rows)
    return {
        "level": version.facts["metrics"].get(wanted.metric),
        "at_promotion": tuple(version.facts["daily"].get(wanted.metric, ())),
        "quality": tuple(value for value in values if value is not None),
    }


def _drift(parts: Parts, row: ModelRow, now: datetime, since: datetime) -> str | None:
    """Return what drifted since the last run, where that is watched, at the trigger's rate."""
    wanted = parts.project.triggers.drift
    if wanted is None:
        return None
    begin = max(since, now - FRESH).date()
    said = [
        signal
        for signal in parts.state.signals(parts.model, begin.isoformat())
        if signal.version == row.champion and signal.day > begin.isoformat()
    ]
    return drift_call(said, wanted.false_alarms)
