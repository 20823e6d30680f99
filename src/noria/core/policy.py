"""The policy: which triggers start a run now, which wait, and why.

`triggers` finds what calls for a run in the facts; `decide` holds the brakes against it. Both are pure: the
live loop, `noria plan` and the replay ask the same two functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from noria.core.cadence import Gain, interval, pace
from noria.core.phrases import length
from noria.core.worsening import worsening


class Cause(StrEnum):
    """What can start a run. A person and a commit are not made to cool down: somebody waits for them."""

    MANUAL = "manual"
    COMMIT = "commit"
    DATA = "data"
    LABELS = "labels"
    SCHEDULE = "schedule"
    QUALITY = "quality"
    DRIFT = "drift"


HURRIED = frozenset({Cause.MANUAL, Cause.COMMIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `count` per `period`, such as 4 per week."""

    count: int
    period: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityTrigger:
    """Retrain when the realised `metric` is worse than at the promotion by a share (0.05 is 5%)."""

    metric: str
    worse_by: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftTrigger:
    """Retrain when what comes in has drifted; on a stream without drift, at most at this rate."""

    false_alarms: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """Retrain as often as it has proven to pay: from `floor` to `ceiling` after the last run."""

    floor: timedelta
    ceiling: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers:
    """What starts a run. `schedule` is a cron expression in UTC; `labels` a number of new labelled rows."""

    commit: bool = True
    data: bool = False
    schedule: str | None = None
    cadence: Cadence | None = None
    labels: int | None = None
    quality: QualityTrigger | None = None
    drift: DriftTrigger | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brakes:
    """What holds runs and promotions back."""

    cooldown: timedelta = timedelta(0)
    runs: Rate | None = None
    promotions: Rate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the loop knows about a model when it decides.

    `runs` and `promotions` are the times of the recent ones, oldest first. `head` is the newest commit,
    `tried` the one of the newest run. `watched_since` is when the loop first saw the model: schedules count
    from the later of that and the last run. `behind` says that the last mature day is still to be measured.
    `labels` counts the matured, labelled predictions that no run has
    seen, `needed` is how many the gates want to judge a model by; `source` is a fingerprint of the source's
    files, `seen_source` that of the newest run's. `gains` are those of the runs' candidates over the
    champions of their time, oldest first. `quality` holds the daily values of the quality trigger's metric on
    matured predictions of the champion since the last run, oldest first; `level` is its value when it was
    promoted, `at_promotion` its values on the days of the holdout then. `drift` says which columns have
    drifted since the last run beyond what the drift trigger's rate allows. `asked` are the runs that people
    asked for, each by its key.
    """

    now: datetime
    watched_since: datetime
    paused: bool = False
    running: bool = False
    rollout_open: bool = False
    behind: bool = False
    runs: tuple[datetime, ...] = ()
    promotions: tuple[datetime, ...] = ()
    asked: tuple[str, ...] = ()
    head: str | None = None
    tried: str | None = None
    labels: int = 0
    needed: int = 0
    source: str | None = None
    seen_source: str | None = None
    gains: tuple[Gain, ...] = ()
    quality: tuple[float, ...] = ()
    level: float | None = None
    at_promotion: tuple[float, ...] = ()
    drift: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Something that calls for a run. `key` is the same for the same event, so that it starts one run."""

    cause: Cause
    key: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the policy says now: run for these triggers, or wait (until `until`, where that is known)."""

    run: bool
    triggers: tuple[Trigger, ...]
    reason: str
    until: datetime | None = None

    @property
    def run_id(self) -> str:
        """A name for the run that the same triggers always give, so that a crash cannot start it twice."""
        keys = "\n".join(sorted(f"{trigger.cause} {trigger.key}" for trigger in self.triggers))
        return sha256(keys.encode()).hexdigest()[:12]


def triggers(policy: Triggers, facts: Facts) -> tuple[Trigger, ...]:
    """Return everything that calls for a run, the most urgent first."""
    found = [
        *_asked(facts),
        *_commit(policy, facts),
        *_quality(policy, facts),
        *_drift(policy, facts),
        *_schedule(policy, facts),
        *_cadence(policy, facts),
        *_labels(policy, facts),
        *_data(policy, facts),
    ]
    return tuple(found)


def decide(brakes: Brakes, facts: Facts, found: Sequence[Trigger]) -> Decision:
    """Return whether a run starts now. All triggers that are there together start one run.

    A rollout that is open holds the triggers that can wait: what they would train could not be rolled out.
    """
    found = tuple(found)

    def wait(reason: str, until: datetime | None = None) -> Decision:
        return Decision(run=False, triggers=found, reason=reason, until=until)

    if not found:
        return wait("nothing calls for a run")
    if facts.paused:
        return wait("paused by hand: `noria resume` lifts it")
    if facts.running:
        return wait("a run is in progress")
    hurried = any(trigger.cause in HURRIED for trigger in found)
    if facts.rollout_open and not hurried:
        return wait("a rollout is in progress")
    if facts.behind and not hurried:
        return wait("the last mature day is being measured")
    if not hurried and (cool := cooling_until(brakes, facts)):
        return wait("cooling down after the last run", cool)
    asked = any(trigger.cause is Cause.MANUAL for trigger in found)
    if brakes.runs and not asked and (free := free_at(brakes.runs, facts.runs, facts.now)):
        return wait(f"the budget of {brakes.runs.count} runs is spent", free)
    return Decision(run=True, triggers=found, reason="; ".join(trigger.reason for trigger in found))


def cooling_until(brakes: Brakes, facts: Facts) -> datetime | None:
    """Return until when the last run is cooled down from, None where it is not any more."""
    until = facts.runs[-1] + brakes.cooldown if facts.runs else facts.now
    return until if facts.now < until else None


def may_promote(brakes: Brakes, promotions: Sequence[datetime], now: datetime) -> datetime | None:
    """Return None when another rollout may begin now, else when the budget of promotions allows it."""
    return free_at(brakes.promotions, promotions, now) if brakes.promotions else None


def free_at(rate: Rate, times: Sequence[datetime], now: datetime) -> datetime | None:
    """Return None when the rate has room now, else when the oldest of the last `count` leaves the period."""
    recent = [moment for moment in times if moment > now - rate.period]
    return None if len(recent) < rate.count else recent[-rate.count] + rate.period


def next_by_cadence(policy: Triggers, facts: Facts) -> datetime | None:
    """Return when the cadence calls for the next run, None without one."""
    if policy.cadence is None:
        return None
    return counted_from(facts) + interval(policy.cadence.floor, policy.cadence.ceiling, facts.gains)


def next_by_schedule(policy: Triggers, facts: Facts) -> datetime | None:
    """Return when the schedule calls for the next run, None without one."""
    from croniter import croniter

    if policy.schedule is None:
        return None
    due: datetime = croniter(policy.schedule, counted_from(facts)).get_next(datetime)
    return due


def counted_from(facts: Facts) -> datetime:
    """Return from when schedule and cadence count: the last run, or when the loop first saw the model."""
    return facts.runs[-1] if facts.runs else facts.watched_since


def _asked(facts: Facts) -> list[Trigger]:
    return [Trigger(cause=Cause.MANUAL, key=key, reason="asked for by hand") for key in facts.asked]


def _commit(policy: Triggers, facts: Facts) -> list[Trigger]:
    if not policy.commit or facts.head is None or facts.head == facts.tried:
        return []
    return [Trigger(cause=Cause.COMMIT, key=facts.head, reason=f"commit {facts.head[:8]}")]


def _schedule(policy: Triggers, facts: Facts) -> list[Trigger]:
    due = next_by_schedule(policy, facts)
    if due is None or due > facts.now:
        return []
    return [Trigger(cause=Cause.SCHEDULE, key=due.isoformat(), reason=f"scheduled at {due:%Y-%m-%d %H:%M}")]


def _cadence(policy: Triggers, facts: Facts) -> list[Trigger]:
    due = next_by_cadence(policy, facts)
    if policy.cadence is None or due is None or due > facts.now:
        return []
    why = pace(facts.gains, policy.cadence.floor)
    reason = f"{length(facts.now - counted_from(facts))} after the last run: {why}"
    return [Trigger(cause=Cause.SCHEDULE, key=due.isoformat(), reason=reason)]


def _labels(policy: Triggers, facts: Facts) -> list[Trigger]:
    if policy.labels is None or facts.labels < policy.labels:
        return []
    return [Trigger(cause=Cause.LABELS, key=_last_run(facts), reason=f"{facts.labels} new labels")]


def _data(policy: Triggers, facts: Facts) -> list[Trigger]:
    if not policy.data or facts.source is None or facts.source == facts.seen_source:
        return []
    return [Trigger(cause=Cause.DATA, key=facts.source, reason="new data in the source")]


def _quality(policy: Triggers, facts: Facts) -> list[Trigger]:
    """The last days are worse than the promotion's level by more than the share, and by more than chance.

    A run with fewer new labels than the gates want would have nothing to judge a model by.
    """
    wanted = policy.quality
    if facts.labels < facts.needed:
        return []
    seen = wanted and worsening(wanted.metric, facts.quality, facts.level, facts.at_promotion)
    if not wanted or not seen or not seen.exceeds(wanted.worse_by):
        return []
    return [Trigger(cause=Cause.QUALITY, key=_last_run(facts), reason=str(seen))]


def _drift(policy: Triggers, facts: Facts) -> list[Trigger]:
    """What comes in has drifted; drift alone says nothing of quality, and a run needs labels to judge by."""
    if not policy.drift or not facts.drift or facts.labels < facts.needed:
        return []
    return [Trigger(cause=Cause.DRIFT, key=_last_run(facts), reason=facts.drift)]


def _last_run(facts: Facts) -> str:
    """What goes on calling for a run until there was one is one event: its key is the run before."""
    return facts.runs[-1].isoformat() if facts.runs else "first"
