"""The policy: which events start a run now, which wait, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `count` per `period`, such as 4 per week."""

    count: int
    period: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityTrigger:
    """Retrain when the realised `metric` is worse than at the promotion by the share `worse_by` (0.05: 5%)."""

    metric: str
    worse_by: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers:
    """What starts a run. `schedule` is a cron expression in UTC; `labels` a number of new labelled rows."""

    commit: bool = True
    data: bool = False
    schedule: str | None = None
    labels: int | None = None
    quality: QualityTrigger | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brakes:
    """What holds runs and promotions back."""

    cooldown: timedelta = timedelta(0)
    runs: Rate | None = None
    promotions: Rate | None = None
