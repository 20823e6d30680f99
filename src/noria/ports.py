"""What the loop needs of the world. Each port has a second real implementation in `noria.testing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from noria.core.gates import Evidence, Verdict
from noria.core.ledger import Head, traffic
from noria.core.rollout import Rollout
from noria.core.traffic import Plan
from noria.core.window import ArmCounts
from noria.errors import StaleEpoch, StateError


class Clock(Protocol):
    """Tells the time: the wall clock in production, a virtual one in the demo and in replay."""

    def now(self) -> datetime:
        """Return the present moment, with the zone UTC."""
        ...


# --- Jobs: the heavy work of a run, each in a child process -------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A data version, cut for a run. Paths are Parquet files; times are of the project's clock.

    `train` holds the labelled rows up to the holdout, `holdout` the newest matured rows, `full` both.
    `new_rows` came since the version before; `quarantined` were refused with a reason. Every file carries
    `_version`, the data version in which a row was appended, and `_time` (a timestamp, or the row's number).
    `origin` tells what they were cut from, see `noria.origin`; it is empty where time alone will add rows.
    """

    version: int
    rows: int
    new_rows: int
    quarantined: int
    train: str
    holdout: str
    full: str
    holdout_from: str
    holdout_rows: int
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
    """The champion that a candidate is compared with, by two artifacts of the same code and parameters.

    `shipped` was trained on data version `data_version`, all of it where `refit`; `twin` was trained without
    the rows from `holdout_from` on.
    """

    version: int
    shipped: str
    twin: str
    refit: bool
    data_version: int
    holdout_from: str


class Jobs(Protocol):
    """The heavy steps of a run, each in a child process; each may be repeated, and does the same again."""

    def checkout(self, run: str, commit: str | None) -> Checkout: ...
    def snapshot(self, run: str) -> Snapshot: ...
    def train(self, run: str, checkout: Checkout, rows: str, name: str, champion: str | None) -> Training: ...
    def evaluate(
        self, run: str, snapshot: Snapshot, candidate: str, rival: Rival | None, newer: bool
    ) -> Evidence: ...
    def agree(self, run: str, snapshot: Snapshot, candidate: str, shipped: str) -> Evidence: ...
    def register(self, run: RunRow, shipped: Training, twin: Training) -> VersionRow: ...
    def point(self, version: int) -> None: ...


class Gateways(Protocol):
    """The gateways as the loop sees them: they take a plan, and say what they have loaded."""

    def publish(self, plan: Plan, versions: Mapping[int, VersionRow]) -> None: ...
    def loaded(self, version: int) -> bool: ...
    def failed(self, version: int) -> str: ...


class Commits(Protocol):
    """The repository as the loop sees it."""

    def head(self) -> str | None: ...


# --- State: the control state, changed by compare-and-set only ----------------------------------------------


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

    `facts` holds metrics on the holdout, `data_version`, `holdout_from` and the path of the twin: the same
    code trained without the holdout.
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
    """Realised quality of a version on one day of matured predictions; `rows` of them were labelled."""

    model: str
    day: str
    version: int
    role: str
    predictions: int
    rows: int
    metrics: dict[str, float]


class State(Protocol):
    """The control state. Writers compare the epoch and set; a stale one changes nothing."""

    def model(self, name: str) -> ModelRow:
        """Return the model's row; one that nobody has changed yet has epoch 0."""
        ...

    def change(self, before: ModelRow, after: ModelRow, entries: Sequence[Entry]) -> ModelRow:
        """Set `after` where `before` still holds, record the entries with it, and return the new row.

        Raises:
            StaleEpoch: somebody else changed the model first; nothing was changed.
            StateError: the plan changes without an entry, or its number does not follow.
        """
        ...

    def record(self, model: str, entries: Sequence[Entry]) -> None:
        """Append entries to the model's ledger."""
        ...

    def ledger(self, model: str, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the last `limit` entries (None: all), oldest first; see `noria.core.ledger.append`."""
        ...

    def head(self, model: str) -> Head:
        """Return the end of the model's ledger, which is kept beside it."""
        ...

    def save_run(self, run: RunRow, entries: Sequence[Entry] = ()) -> None:
        """Keep the run, and record the entries with it in the model's ledger."""
        ...

    def run(self, run: str) -> RunRow | None: ...

    def runs(self, model: str, limit: int = 100) -> list[RunRow]:
        """Return the last `limit` runs, newest first."""
        ...

    def save_version(self, version: VersionRow) -> None: ...

    def version(self, model: str, version: int) -> VersionRow | None: ...

    def versions(self, model: str) -> list[VersionRow]:
        """Return the versions in the order of their numbers."""
        ...

    def promotions(self, model: str) -> tuple[datetime, ...]:
        """Return when versions were promoted, as the ledger says, oldest first."""
        ...

    def save_quality(self, rows: Sequence[QualityRow]) -> None:
        """Keep the rows; one of the same model, day, version and role is replaced."""
        ...

    def quality(self, model: str, version: int | None = None) -> list[QualityRow]:
        """Return the rows of a version, or of all, by day, version and role."""
        ...

    def add_traffic(
        self, model: str, mark: tuple[str, int], arms: Mapping[tuple[int, int], ArmCounts]
    ) -> None:
        """Add counts by plan and version, seen in a segment (the mark's name) up to its offset.

        Counts of a segment that come again, up to an offset that was counted already, are ignored. An entity
        counts for the version of the plan that it met first.
        """
        ...

    def traffic_mark(self, model: str, segment: str) -> int:
        """Return the offset up to which the counts of a segment were added; 0 at first."""
        ...

    def window(self, model: str, plan: int) -> dict[int, ArmCounts]:
        """Return what each version did under a plan, by version."""
        ...

    def beat(self, part: str, at: datetime, facts: Mapping[str, Any]) -> None:
        """Keep a sign of life of a part of noria, with what it has to say; the one before is replaced."""
        ...

    def beats(self) -> dict[str, dict[str, Any]]:
        """Return each part's last facts, with `at`, the datetime of its last beat."""
        ...


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
