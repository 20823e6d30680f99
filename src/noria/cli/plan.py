"""`noria plan`: what noria would do now, and why."""

from __future__ import annotations

from noria.cli.session import AsJson, find_project, print_json


def command(as_json: AsJson = False) -> None:
    """Say what the policy would do now: what calls for a run, what holds it back, and until when."""
    from noria.core.policy import next_by_cadence, next_schedule
    from noria.loop.advance import promotion_wait, waiting_version
    from noria.loop.watch import consider, facts
    from noria.wiring import build

    parts = build(find_project())
    known = facts(parts, parts.clock.now())
    decision = consider(parts, known)
    if as_json:
        print_json({"facts": known, "decision": decision})
        return
    print("would start a run now" if decision.run else f"would wait: {decision.reason}")
    if decision.until is not None:
        print(f"  until {decision.until:%Y-%m-%d %H:%M} UTC")
    for trigger in decision.triggers:
        print(f"  because: {trigger.reason}")
    if due := next_by_cadence(parts.project.triggers, known):
        print(f"next run by the cadence: {max(due, known.now):%Y-%m-%d %H:%M} UTC")
    schedule = parts.project.triggers.schedule
    if schedule is not None:
        after = known.runs[-1] if known.runs else known.now
        print(f"next scheduled run: {next_schedule(schedule, max(after, known.now)):%Y-%m-%d %H:%M} UTC")
    waiting = waiting_version(parts, parts.state.model(parts.model))
    if waiting is not None:
        until = promotion_wait(parts)
        when = f"at {until:%Y-%m-%d %H:%M} UTC, when the budget of promotions allows it" if until else "next"
        print(f"version {waiting} waits for its rollout: {when}")
