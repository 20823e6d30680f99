"""What the loop needs of the world. Each port has a second real implementation in `noria.testing`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from noria.core.gates import Evidence, Verdict
from noria.core.ledger import Head
from noria.core.traffic import Plan
from noria.core.window import ArmCounts
from noria.rows import (
    AlertRow,
    Checkout,
    CohortRow,
    Entry,
    Examined,
    ModelRow,
    QualityRow,
    Rival,
    RunRow,
    SignalRow,
    Snapshot,
    Training,
    VersionRow,
)

if TYPE_CHECKING:
    from noria.core.profile.profile import Profile


class Clock(Protocol):
    """Tells the time: the wall clock in production, a virtual one in the demo and in replay."""

    def now(self) -> datetime:
        """Return the present moment, with the zone UTC."""
        ...


class Jobs(Protocol):
    """The heavy steps of a run, each in a child process; each may be repeated, and does the same again."""

    def checkout(self, run: str, commit: str | None) -> Checkout: ...
    def snapshot(self, run: str, windows: tuple[str, ...], since: str | None) -> Snapshot: ...
    def train(self, run: str, checkout: Checkout, rows: str, name: str, champion: str | None) -> Training: ...
    def evaluate(
        self, run: str, snapshot: Snapshot, candidate: str, rival: Rival | None, newer: bool
    ) -> Evidence: ...
    def agree(self, run: str, snapshot: Snapshot, candidate: str, shipped: str) -> Evidence: ...
    def examine(self, run: str, examined: Examined) -> tuple[Verdict, ...]: ...
    def register(self, run: RunRow, shipped: Training, twin: Training) -> VersionRow: ...
    def point(self, version: int) -> None: ...


class Gateways(Protocol):
    """The gateways as the loop sees them: they take a plan, and say what they have loaded."""

    def publish(self, plan: Plan, versions: Mapping[int, VersionRow]) -> None: ...
    def loaded(self, version: int) -> bool: ...
    def failed(self, version: int) -> str: ...
    def trouble(self, version: int) -> str: ...


class Commits(Protocol):
    """The repository as the loop sees it."""

    def head(self) -> str | None: ...


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

    def save_version(
        self, version: VersionRow, run: RunRow | None = None, entries: Sequence[Entry] = ()
    ) -> None:
        """Keep the version, and in the same moment the run that registered it, with its entries."""
        ...

    def version(self, model: str, version: int) -> VersionRow | None: ...

    def versions(self, model: str) -> list[VersionRow]:
        """Return the versions in the order of their numbers."""
        ...

    def promotions(self, model: str) -> tuple[datetime, ...]:
        """Return when versions were promoted, as the ledger says, oldest first."""
        ...

    def save_quality(self, rows: Sequence[QualityRow], kept: Sequence[CohortRow] = ()) -> None:
        """Keep the rows; one of the same model, day, version and role is replaced."""
        ...

    def quality(self, model: str, version: int | None = None) -> list[QualityRow]:
        """Return the rows of a version, or of all, by day, version and role."""
        ...

    def cohorts(self, model: str, since: str = "") -> list[CohortRow]:
        """Return what is kept of the days from `since` on, by day, version and role."""
        ...

    def add_traffic(
        self,
        model: str,
        mark: tuple[str, int],
        arms: Mapping[tuple[int, int], ArmCounts],
        profiles: Mapping[tuple[int, str], Profile] | None = None,
    ) -> None:
        """Add counts by plan and version, and profiles by version and hour (see `noria.monitor.profiling`).

        They were seen in a segment (the mark's name) up to its offset; what comes again, up to an offset that
        was counted already, is ignored. An entity counts for the version of the plan that it met first.
        """
        ...

    def profiles(self, model: str, version: int, begin: str, end: str) -> dict[str, Profile]:
        """Return a version's profiles by hour, from the hour `begin` up to before `end`, in order.

        Raises:
            ProfileError: one is damaged, or of a later release.
        """
        ...

    def save_signals(self, rows: Sequence[SignalRow]) -> None:
        """Keep the rows; one of the same model, day, version, monitor and subject is replaced."""
        ...

    def signals(self, model: str, since: str = "") -> list[SignalRow]:
        """Return what was said of the days from `since` on, by day, version, monitor and subject."""
        ...

    def save_alert(self, alert: AlertRow) -> None:
        """Keep the alert; one of the same model and id is replaced."""
        ...

    def change_alert(
        self, model: str, alert: str, change: Callable[[AlertRow], AlertRow], entries: Sequence[Entry] = ()
    ) -> AlertRow | None:
        """Set what `change` makes of the alert of this id, and record the entries with it; return it.

        Nobody else changes it meanwhile. Where there is none, nothing is recorded, and None returned.
        """
        ...

    def alerts(self, model: str, limit: int | None = None) -> list[AlertRow]:
        """Return the last `limit` alerts (None: all), newest first."""
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
