"""What runs make and what the control state keeps: frozen values that pass between the loop and the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from noria.core.gates import Verdict
from noria.core.ledger import traffic
from noria.core.paired import Moments, Paired
from noria.core.rollout import Rollout
from noria.core.traffic import Plan
from noria.errors import StaleEpoch, StateError


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The rows of a window, in Parquet files: `train` up to the holdout, `full`, of `rows` rows, with it."""

    window: str
    train: str
    full: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A data version, cut for a run. Paths are Parquet files; times are of the project's clock.

    `holdout` holds the newest matured rows, `cuts` the rows to train on, a cut for each window; `since` is
    the moment after which all is held out, None where it is what the project says. `before` and `newest` are
    the times of the last row before the holdout, and of the last one of all.
    `holdout_from` is "" where nothing is held out. `new_rows` came since the version before; `quarantined`
    were refused with a reason. Every file carries `_version`, the data version in which a row was appended,
    and `_time` (a timestamp, or the row's number). `origin` tells what they were cut from, see
    `noria.origin`; it is empty where time alone will add rows.
    """

    version: int
    rows: int
    new_rows: int
    quarantined: int
    holdout: str
    holdout_from: str
    holdout_rows: int
    before: str
    newest: str
    cuts: tuple[Cut, ...]
    since: str | None
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """One executed or cached step of a pipeline; `output` is the content's digest."""

    name: str
    key: str
    cached: bool
    seconds: float
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What one execution of the pipeline made: a packaged model in `artifact`, its digest, and its steps."""

    artifact: str
    digest: str
    rows: int
    seconds: float
    steps: tuple[StepRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The code of a run: a clean export of `commit`, or of the working tree with its `diff` against it."""

    path: str
    commit: str | None
    diff: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """Whom a model is compared with, such as the champion: two artifacts of the same code and parameters.

    `name` is how verdicts call it, `learnt` up to when it knows the world. `shipped` was trained on data
    version `data_version`, all of it where `refit`; `twin` was trained without the rows from `holdout_from`
    on, "" where nothing was held out.
    """

    name: str
    shipped: str
    twin: str
    refit: bool
    data_version: int
    holdout_from: str
    learnt: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What gates have in hand: the artifact that would ship, the one that was judged, and the champion.

    `train`, `full` and `holdout` are Parquet files of rows, see `Cut` and `Snapshot`.
    """

    shipped: str
    judged: str
    champion: Rival | None
    train: str
    full: str
    holdout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """The row that every change of traffic compares and sets; `epoch` rises by one with each change.

    `previous` are the champions before, newest last: where a rollback leads.
    """

    name: str
    epoch: int = 0
    champion: int | None = None
    previous: tuple[int, ...] = ()
    paused: bool = False
    plan: Plan | None = None
    rollout: Rollout | None = None

    @property
    def guard(self) -> int | None:
        """The champion before, while it goes on as a shadow after the promotion; else None."""
        ended = self.rollout is not None and self.rollout.ended
        return self.plan.shadow if ended and self.plan else None

    def check_epoch(self, epoch: int) -> None:
        """Raise StaleEpoch unless this row is of the epoch that holds now."""
        if epoch != self.epoch:
            message = f"{self.name} was changed meanwhile: its epoch is {epoch}, and no longer {self.epoch}"
            raise StaleEpoch(message, hint="noria status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A ledger entry before it is chained: who did what, when, and on which evidence."""

    at: datetime
    actor: str
    kind: str
    body: dict[str, Any]

    def fields(self, model: str) -> dict[str, Any]:
        """Return what the ledger of a model chains; the time in epoch seconds."""
        at = self.at.timestamp()
        return {"model": model, "at": at, "actor": self.actor, "kind": self.kind, "body": self.body}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run. `stage` is its present step; `facts` holds what the steps before it found.

    `status` is queued, merged (into another run, named in the facts), running, failed, refused or registered.
    """

    id: str
    model: str
    trigger: str
    reason: str
    status: str
    stage: str
    started: datetime
    ended: datetime | None = None
    commit: str | None = None
    data_version: int | None = None
    version: int | None = None
    verdicts: tuple[Verdict, ...] = ()
    error: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One registered version: its run, where its artifact lies, the artifact's manifest digest, its facts.

    `facts` holds metrics on the holdout, `data_version`, `window`, `holdout_from`, the time of the newest row
    that it has `learnt`, and the path of the twin: the same code trained without the holdout.
    """

    model: str
    version: int
    run: str
    artifact: str
    digest: str
    registered: datetime
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow:
    """Realised quality of a version on one day of matured predictions; `rows` of them were labelled.

    `losses` are those of the metric `loss`, row by row; `paired` holds a shadow against the champion, by the
    same metric, on the requests that both answered. Both are None where there are no finite losses.
    """

    model: str
    day: str
    version: int
    role: str
    predictions: int
    rows: int
    metrics: dict[str, float]
    loss: str = ""
    losses: Moments | None = None
    paired: Paired | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRow:
    """What else is kept of the predictions that a QualityRow is about, with its `metrics`: sums over them.

    `delays` counts labels by `noria.core.maturity.DELAYS`. `scores` are sums by bin of the output, see
    `noria.core.calibration`; empty where outputs have no bins. `segments` are counts by column and value, see
    `noria.core.fairness`.
    """

    model: str
    day: str
    version: int
    role: str
    predictions: int
    metrics: dict[str, float]
    delays: tuple[int, ...]
    scores: tuple[tuple[float, ...], ...] = ()
    segments: dict[str, dict[str, tuple[float, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """What a monitor says of a version's day, about a `subject`: a column, or "" for the whole.

    `level` is "ok", "notice" (seen on the page) or "alert" (it counts against the budget of alarms).
    `value` is in the monitor's own unit, and `limit` is how far it may go; `reason` is a sentence.
    """

    model: str
    day: str
    version: int
    monitor: str
    subject: str
    level: str
    value: float
    limit: float
    reason: str
    numbers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert: what signals about one side of a version came to, from when it opened until it ended.

    `about` is "inputs", "answers", "outcomes" or "traffic"; `severity` is "info", "warning" or "critical".
    `last_seen` is the last day that it showed on. `causes` are the likely ones, the likeliest first; `next`
    is the command to try; `cost` is what it is estimated to cost, "" where no estimate has skill; `signals`
    are the last ones of each monitor and subject. `told` are the routes that took it, and `failed` those that
    did not, with why. `confirmed` is the cause that a person found.
    """

    model: str
    id: str
    version: int
    about: str
    severity: str
    title: str
    opened: datetime
    last_seen: datetime
    ended: datetime | None = None
    silenced_until: datetime | None = None
    causes: tuple[str, ...] = ()
    next: str = ""
    cost: str = ""
    signals: tuple[SignalRow, ...] = ()
    told: tuple[str, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    confirmed: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names, each once."""
        return tuple(dict.fromkeys(row.subject for row in self.signals if row.subject))


def told(before: ModelRow, after: ModelRow, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of a change; if it changes the plan, the last one, its cause, tells the traffic.

    Raises:
        StateError: the plan changes without an entry, or its number does not follow.
    """
    change = traffic(before.plan, after.plan)
    if change is None:
        return list(entries)
    if not entries:
        raise StateError(f"a change of traffic is recorded: plan {change['plan']} comes without an entry")
    cause = entries[-1]
    return [*entries[:-1], replace(cause, body={**cause.body, "traffic": change})]
