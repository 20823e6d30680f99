"""In-memory doubles of noria's ports, for the tests of noria and of what is built on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from noria.core.gates import Evidence, Verdict
from noria.core.ledger import GENESIS, Head, append, plain
from noria.core.profile.profile import Profile
from noria.core.rollout import Phase
from noria.core.traffic import Plan
from noria.core.window import ArmCounts, added
from noria.rows import (
    AlertRow,
    Checkout,
    CohortRow,
    Cut,
    Entry,
    Examined,
    ModelRow,
    QualityRow,
    RunRow,
    SignalRow,
    Snapshot,
    Training,
    VersionRow,
    told,
)


class FixedClock:
    """A clock that stands still until it is told to advance."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, duration: timedelta) -> datetime:
        """Move on by `duration`, and return the new time."""
        self._now += duration
        return self._now


class MemoryState:
    """The control state of `noria.ports.State`, in the memory of one process; its threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: dict[str, ModelRow] = {}
        self._ledgers: dict[str, list[dict[str, Any]]] = {}
        self._runs: dict[str, RunRow] = {}
        self._versions: dict[tuple[str, int], VersionRow] = {}
        self._quality: dict[tuple[str, str, int, str], QualityRow] = {}
        self._cohorts: dict[tuple[str, str, int, str], CohortRow] = {}
        self._traffic: dict[tuple[str, int], dict[int, ArmCounts]] = {}
        self._marks: dict[tuple[str, str], int] = {}
        self._profiles: dict[tuple[str, int], dict[str, Profile]] = {}
        self._signals: dict[tuple[str, ...], SignalRow] = {}
        self._alerts: dict[tuple[str, str], AlertRow] = {}
        self._beats: dict[str, dict[str, Any]] = {}

    def model(self, name: str) -> ModelRow:
        return self._models.get(name, ModelRow(name=name))

    def change(self, before: ModelRow, after: ModelRow, entries: Sequence[Entry]) -> ModelRow:
        entries = told(before, after, entries)
        with self._lock:
            before.check_epoch(self.model(before.name).epoch)
            self._append(before.name, entries)
            self._models[before.name] = replace(after, name=before.name, epoch=before.epoch + 1)
            return self._models[before.name]

    def record(self, model: str, entries: Sequence[Entry]) -> None:
        with self._lock:
            self._append(model, entries)

    def ledger(self, model: str, limit: int | None = None) -> list[dict[str, Any]]:
        entries = self._ledgers.get(model, [])
        return entries[-limit:] if limit else list(entries)

    def head(self, model: str) -> Head:
        entries = self._ledgers.get(model)
        return Head(seq=entries[-1]["seq"], hash=entries[-1]["hash"]) if entries else GENESIS

    def save_run(self, run: RunRow, entries: Sequence[Entry] = ()) -> None:
        with self._lock:
            self._append(run.model, entries)
            self._runs[run.id] = run

    def run(self, run: str) -> RunRow | None:
        return self._runs.get(run)

    def runs(self, model: str, limit: int = 100) -> list[RunRow]:
        runs = [run for run in self._runs.values() if run.model == model]
        return sorted(runs, key=lambda run: (run.started, run.id), reverse=True)[:limit]

    def save_version(
        self, version: VersionRow, run: RunRow | None = None, entries: Sequence[Entry] = ()
    ) -> None:
        with self._lock:
            self._append(version.model, entries)
            self._versions[version.model, version.version] = version
            if run:
                self._runs[run.id] = run

    def version(self, model: str, version: int) -> VersionRow | None:
        return self._versions.get((model, version))

    def versions(self, model: str) -> list[VersionRow]:
        return [row for key, row in sorted(self._versions.items()) if row.model == model]

    def promotions(self, model: str) -> tuple[datetime, ...]:
        entries = self._ledgers.get(model, [])
        times = [entry["at"] for entry in entries if entry["kind"] == Phase.PROMOTED]
        return tuple(datetime.fromtimestamp(at, UTC) for at in times)

    def save_quality(self, rows: Sequence[QualityRow], kept: Sequence[CohortRow] = ()) -> None:
        for row in rows:
            self._quality[row.model, row.day, row.version, row.role] = row
        for cohort in kept:
            self._cohorts[cohort.model, cohort.day, cohort.version, cohort.role] = cohort

    def quality(self, model: str, version: int | None = None) -> list[QualityRow]:
        rows = [
            row for row in self._quality.values() if row.model == model and version in (None, row.version)
        ]
        return sorted(rows, key=lambda row: (row.day, row.version, row.role))

    def cohorts(self, model: str, since: str = "") -> list[CohortRow]:
        return [row for _, row in sorted(self._cohorts.items()) if row.model == model and row.day >= since]

    def add_traffic(
        self,
        model: str,
        mark: tuple[str, int],
        arms: Mapping[tuple[int, int], ArmCounts],
        profiles: Mapping[tuple[int, str], Profile] | None = None,
    ) -> None:
        segment, offset = mark
        with self._lock:
            if self._marks.get((model, segment), -1) >= offset:
                return
            self._marks[model, segment] = offset
            for plan in {plan for plan, _ in arms}:
                seen = self._traffic.setdefault((model, plan), {})
                seen |= added(seen, {arm[1]: fresh for arm, fresh in arms.items() if arm[0] == plan})
            for (version, hour), profile in (profiles or {}).items():
                hours = self._profiles.setdefault((model, version), {})
                hours[hour] = hours[hour] + profile if hour in hours else profile

    def traffic_mark(self, model: str, segment: str) -> int:
        return self._marks.get((model, segment), 0)

    def window(self, model: str, plan: int) -> dict[int, ArmCounts]:
        return dict(self._traffic.get((model, plan), {}))

    def profiles(self, model: str, version: int, begin: str, end: str) -> dict[str, Profile]:
        hours = self._profiles.get((model, version), {})
        return {hour: hours[hour] for hour in sorted(hours) if begin <= hour < end}

    def save_signals(self, rows: Sequence[SignalRow]) -> None:
        for row in rows:
            self._signals[row.model, row.day, f"{row.version:09}", row.monitor, row.subject] = row

    def signals(self, model: str, since: str = "") -> list[SignalRow]:
        return [row for _, row in sorted(self._signals.items()) if row.model == model and row.day >= since]

    def save_alert(self, alert: AlertRow) -> None:
        self._alerts[alert.model, alert.id] = alert

    def change_alert(
        self, model: str, alert: str, change: Callable[[AlertRow], AlertRow], entries: Sequence[Entry] = ()
    ) -> AlertRow | None:
        with self._lock:
            if (model, alert) not in self._alerts:
                return None
            self._alerts[model, alert] = changed = change(self._alerts[model, alert])
            self._append(model, entries)
            return changed

    def alerts(self, model: str, limit: int | None = None) -> list[AlertRow]:
        rows = [row for row in self._alerts.values() if row.model == model]
        return sorted(rows, key=lambda row: row.opened, reverse=True)[:limit]

    def beat(self, part: str, at: datetime, facts: Mapping[str, Any]) -> None:
        self._beats[part] = {**plain(facts), "at": at}

    def beats(self) -> dict[str, dict[str, Any]]:
        return dict(self._beats)

    def _append(self, model: str, entries: Sequence[Entry]) -> None:
        head = self.head(model)
        for entry in entries:
            head, stored = append(head, entry.fields(model))
            self._ledgers.setdefault(model, []).append(stored)


@dataclass
class MemoryGateways:
    """One gateway that loads everything but the versions in `broken`, at once."""

    plans: list[Plan] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)

    def publish(self, plan: Plan, versions: Mapping[int, VersionRow]) -> None:
        assert set(versions) == set(plan.versions)
        self.plans.append(plan)

    def loaded(self, version: int) -> bool:
        return bool(self.plans) and version in self.plans[-1].versions and version not in self.broken

    def failed(self, version: int) -> str:
        return self.broken.get(version, "")

    def trouble(self, version: int) -> str:
        return self.broken.get(version, "")


@dataclass
class MemoryJobs:
    """Jobs that do nothing: what they would have measured is given. `done` are their names, in order."""

    rows: int = 100
    agreement: float | None = 1.0
    verdicts: tuple[Verdict, ...] = ()
    raises: dict[str, Exception] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    registered: int = 0

    def _do(self, job: str) -> None:
        self.done.append(job)
        if job in self.raises:
            raise self.raises[job]

    def checkout(self, run: str, commit: str | None) -> Checkout:
        self._do("checkout")
        return Checkout(path="/checkout", commit=commit)

    def snapshot(self, run: str, windows: tuple[str, ...], since: str | None) -> Snapshot:
        self._do("snapshot")
        cuts = (Cut(window=name, train=f"train-{name}", full=f"full-{name}", rows=1000) for name in windows)
        return Snapshot(
            version=1, rows=1000, new_rows=10, quarantined=0, holdout="h", holdout_rows=self.rows,
            holdout_from="2013-02-22T00:00:00+00:00", before="2013-02-21T00:00:00+00:00",
            newest="2013-02-28T00:00:00+00:00", cuts=tuple(cuts), since=since,
        )  # fmt: skip

    def train(self, run: str, checkout: Checkout, rows: str, name: str, champion: str | None) -> Training:
        self._do(name)
        return Training(artifact=f"/{run}/{name}", digest=name, rows=900, seconds=1.0, steps=())

    def evaluate(self, run: str, snapshot: Snapshot, candidate: str, rival: Any, newer: bool) -> Evidence:
        self._do("evaluate")
        return Evidence(rows=self.rows, metrics={"log_loss": 0.5})

    def agree(self, run: str, snapshot: Snapshot, candidate: str, shipped: str) -> Evidence:
        self._do("agree")
        return Evidence(rows=self.rows, agreement=self.agreement)

    def examine(self, run: str, examined: Examined) -> tuple[Verdict, ...]:
        self._do("examine")
        return self.verdicts

    def register(self, run: RunRow, shipped: Training, twin: Training) -> VersionRow:
        self._do("register")
        self.registered += 1
        return VersionRow(
            model=run.model,
            version=self.registered,
            run=run.id,
            artifact=shipped.artifact,
            digest=shipped.digest,
            registered=run.started,
            facts={**run.facts, "twin": twin.artifact, "commit": run.commit},
        )

    def point(self, version: int) -> None:
        self._do(f"point {version}")


@dataclass
class MemoryCommits:
    """A repository whose newest commit is given."""

    commit: str | None = None

    def head(self) -> str | None:
        return self.commit
