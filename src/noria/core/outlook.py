"""What the policy waits for: each trigger and each brake of a project in a sentence, and the next run.

Nothing is decided here. Each sentence asks the functions of `noria.core.policy` that decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from noria.core.cadence import pace
from noria.core.maturity import last_mature_day, matures_at
from noria.core.phrases import length
from noria.core.policy import (
    Brakes,
    Decision,
    Facts,
    Rate,
    Triggers,
    cooling_until,
    counted_from,
    decide,
    free_at,
    next_by_cadence,
    next_by_schedule,
    triggers,
)
from noria.core.worsening import DAYS, worsening


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is to be known of one thing, with the numbers, and when it changes where that is known."""

    about: str
    said: str
    at: datetime | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)


def next_run(policy: Triggers, brakes: Brakes, facts: Facts) -> tuple[datetime | None, Decision]:
    """Return when a run would start if only time passed, with the decision then.

    None if none would: then the decision is the last one that time brings, and says why.
    """
    now = facts.now
    while True:
        later = replace(facts, now=now)
        decision = decide(brakes, later, triggers(policy, later))
        if decision.run:
            return now, decision
        dues = (decision.until, next_by_schedule(policy, facts), next_by_cadence(policy, facts))
        coming = [due for due in dues if due and due > now]
        if not coming:
            return None, decision
        now = min(coming)


def watched(policy: Triggers, facts: Facts, label_delay: timedelta) -> list[Line]:
    """Return a line for each trigger of the policy: why it calls for a run, or what it waits for."""
    lines = []
    for about, waits in WAITS.items():
        if wanted := getattr(policy, about):
            alone = replace(Triggers(commit=False), **{about: wanted})
            firing = triggers(alone, replace(facts, asked=()))
            said = f"calls for a run: {firing[0].reason}" if firing else ""
            line = waits(policy, facts, label_delay)
            lines.append(replace(line, about=about, said=said, at=None) if firing else line)
    return lines


def held(brakes: Brakes, facts: Facts) -> list[Line]:
    """Return a line for each brake of the policy, and for whatever else holds a run back now."""
    lines = [Line(about=about, said=said) for about, said in _standing(facts)]
    if brakes.cooldown:
        until = cooling_until(brakes, facts)
        said = f"until {moment(until)}" if until else "over"
        lines.append(Line(about="cooldown", said=f"{length(brakes.cooldown)}: {said}", at=until))
    budgets = {"runs": (brakes.runs, facts.runs), "promotions": (brakes.promotions, facts.promotions)}
    used = (_budget(about, rate, times, facts.now) for about, (rate, times) in budgets.items() if rate)
    return [*lines, *used]


def moment(at: datetime) -> str:
    """Return a time to the minute."""
    return f"{at:%Y-%m-%d %H:%M}"


def _standing(facts: Facts) -> list[tuple[str, str]]:
    """Return what holds a run back until somebody, or the loop itself, has ended it."""
    found = (
        (facts.paused, "paused", "by hand: `noria resume` lifts it"),
        (facts.running, "run", "one is in progress"),
        (facts.rollout_open, "rollout", "one is in progress: only a commit or a person starts a run"),
    )
    return [(about, said) for holds, about, said in found if holds]


def _budget(about: str, rate: Rate, times: tuple[datetime, ...], now: datetime) -> Line:
    used = sum(time > now - rate.period for time in times)
    free = free_at(rate, times, now)
    wait = f": none before {moment(free)}" if free else ""
    said = f"{used} of {rate.count} in {length(rate.period)}{wait}"
    return Line(about=about, said=said, at=free, numbers={"used": used, "count": rate.count})


def _commit(policy: Triggers, facts: Facts, label_delay: timedelta) -> Line:
    if facts.head is None:
        return Line(about="commit", said="there is none yet")
    return Line(about="commit", said=f"{facts.head[:8]} has its run; a new one starts the next")


def _quality(policy: Triggers, facts: Facts, label_delay: timedelta) -> Line:
    wanted = policy.quality
    assert wanted is not None
    if facts.level is None:
        return Line(about="quality", said=f"no champion has a level of {wanted.metric} yet")
    seen = worsening(wanted.metric, facts.quality, facts.level, facts.at_promotion)
    if seen is None or seen.days < DAYS:
        return _too_few(facts, label_delay, f"; {seen}" if seen else "")
    share = seen.by / abs(seen.level) if seen.level else 0.0
    waits = f"more than {wanted.worse_by:.0%} worse calls for a run"
    if facts.labels < facts.needed:
        waits = f"{facts.labels} of {facts.needed} labels since the last run, to judge a model by"
    elif share > wanted.worse_by and not seen.beyond_chance:
        waits = "that may be chance"
    numbers = {"days": seen.days, "recent": seen.recent, "level": seen.level, "worse_by": share}
    return Line(about="quality", said=f"{seen}; {waits}", numbers=numbers)


def _too_few(facts: Facts, label_delay: timedelta, so_far: str) -> Line:
    """Say how many mature days are missing, and when the last of them is mature at the earliest."""
    days = len(facts.quality)
    begun = counted_from(facts).date()
    newest = max(last_mature_day(label_delay, facts.now), begun - timedelta(days=1))
    at = matures_at(newest + timedelta(days=DAYS - days), label_delay)
    said = f"{days} of {DAYS} mature days since the last run, the last not before {moment(at)}{so_far}"
    return Line(about="quality", said=said, at=at, numbers={"days": days, "needed": DAYS})


def _schedule(policy: Triggers, facts: Facts, label_delay: timedelta) -> Line:
    due = next_by_schedule(policy, facts)
    assert due is not None
    return Line(about="schedule", said=f"due at {moment(due)} ({policy.schedule})", at=due)


def _cadence(policy: Triggers, facts: Facts, label_delay: timedelta) -> Line:
    due, wanted = next_by_cadence(policy, facts), policy.cadence
    assert due is not None
    assert wanted is not None
    wait = due - counted_from(facts)
    since = "the last run" if facts.runs else "the first look"
    within = f"of {length(wanted.floor)} to {length(wanted.ceiling)}"
    why = pace(facts.gains, wanted.floor)
    said = f"due at {moment(due)}, {length(wait)} after {since}, {within}: {why}"
    return Line(about="cadence", said=said, at=due, numbers={"days": wait / timedelta(days=1)})


def _labels(policy: Triggers, facts: Facts, label_delay: timedelta) -> Line:
    needed = policy.labels or 0
    numbers = {"labels": facts.labels, "needed": needed}
    return Line(about="labels", said=f"{facts.labels} of {needed} new labels", numbers=numbers)


def _data(policy: Triggers, facts: Facts, label_delay: timedelta) -> Line:
    unseen = "nobody has looked at the source yet: `noria up` does"
    return Line(about="data", said="no new data in the source" if facts.source else unseen)


def _drift(policy: Triggers, facts: Facts, label_delay: timedelta) -> Line:
    if not facts.drift:
        return Line(about="drift", said="nothing has drifted since the last run")
    waits = f"{facts.labels} of {facts.needed} labels since the last run, to judge a model by"
    return Line(about="drift", said=f"{facts.drift}; {waits}")


WAITS: dict[str, Callable[[Triggers, Facts, timedelta], Line]] = {
    "commit": _commit,
    "quality": _quality,
    "drift": _drift,
    "schedule": _schedule,
    "cadence": _cadence,
    "labels": _labels,
    "data": _data,
}
"""What each trigger waits for, by its key in the project file."""
