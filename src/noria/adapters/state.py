"""The control state in SQL: SQLite beside the project, or Postgres."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import select, update

from noria.adapters import statements
from noria.adapters.database import Database, upsert
from noria.adapters.tables import (
    alerts,
    beats,
    cohorts,
    ledger,
    marks,
    models,
    plans,
    profiles,
    quality,
    rollouts,
    runs,
    signals,
    versions,
)
from noria.core.ledger import CHAINED, Head, plain
from noria.core.profile.profile import Profile, decode
from noria.core.rollout import Phase, Rollout
from noria.core.traffic import Plan
from noria.core.window import ArmCounts
from noria.rows import AlertRow, CohortRow, Entry, ModelRow, QualityRow, RunRow, SignalRow, VersionRow, told

Value = TypeVar("Value")


class SqlState:
    """The control state of `noria.ports.State`; threads and processes may share it."""

    def __init__(self, url: str, *, checkpoints: bool = False) -> None:
        """Open the state, see `Database`: `checkpoints` is for exactly one process, the controller.

        Raises:
            Unavailable, StateError: as `Database` does.
        """
        self._database = Database(url, checkpoints=checkpoints)

    def close(self) -> None:
        self._database.close()

    def model(self, name: str) -> ModelRow:
        query = (
            select(models, plans.c.body.label("plan_body"), rollouts.c.body.label("rollout_body"))
            .outerjoin(plans, (plans.c.model == models.c.name) & (plans.c.number == models.c.plan))
            .outerjoin(rollouts, (rollouts.c.model == models.c.name) & (rollouts.c.id == models.c.rollout))
            .where(models.c.name == name)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return ModelRow(name=name)
        return ModelRow(
            name=name,
            epoch=row.epoch,
            champion=row.champion,
            previous=tuple(row.previous),
            paused=row.paused,
            plan=statements.value(row.plan_body, Plan) if row.plan_body else None,
            rollout=statements.value(row.rollout_body, Rollout) if row.rollout_body else None,
        )

    def change(self, before: ModelRow, after: ModelRow, entries: Sequence[Entry]) -> ModelRow:
        entries = told(before, after, entries)
        now = replace(after, name=before.name, epoch=before.epoch + 1)
        with self._database.write() as connection:
            before.check_epoch(statements.lock(connection, before.name))
            if now.plan and now.plan != before.plan:
                body = plain(now.plan)
                connection.execute(plans.insert().values(model=now.name, number=now.plan.number, body=body))
            if now.rollout:
                upsert(connection, rollouts, model=now.name, id=now.rollout.id, body=plain(now.rollout))
            statements.record(connection, now.name, entries)
            statements.set_model(connection, now)
        return now

    def record(self, model: str, entries: Sequence[Entry]) -> None:
        with self._database.write() as connection:
            statements.lock(connection, model)
            statements.record(connection, model, entries)

    def ledger(self, model: str, limit: int | None = None) -> list[dict[str, Any]]:
        fields = [ledger.c[name] for name in ("seq", *CHAINED, "hash")]
        query = select(*fields).where(ledger.c.model == model).order_by(ledger.c.seq.desc()).limit(limit)
        with self._database.read() as connection:
            return [dict(row) for row in reversed(connection.execute(query).mappings().all())]

    def head(self, model: str) -> Head:
        with self._database.read() as connection:
            return statements.head(connection, model)

    def save_run(self, run: RunRow, entries: Sequence[Entry] = ()) -> None:
        with self._database.write() as connection:
            statements.lock(connection, run.model)
            statements.record(connection, run.model, entries)
            statements.keep_run(connection, run)

    def run(self, run: str) -> RunRow | None:
        with self._database.read() as connection:
            body = connection.scalar(select(runs.c.body).where(runs.c.id == run))
        return statements.value(body, RunRow) if body else None

    def runs(self, model: str, limit: int = 100) -> list[RunRow]:
        query = select(runs.c.body).where(runs.c.model == model)
        query = query.order_by(runs.c.started.desc(), runs.c.id.desc()).limit(limit)
        return self._values(query, RunRow)

    def save_version(
        self, version: VersionRow, run: RunRow | None = None, entries: Sequence[Entry] = ()
    ) -> None:
        with self._database.write() as connection:
            statements.lock(connection, version.model)
            row = {"model": version.model, "version": version.version}
            upsert(connection, versions, **row, body=plain(version))
            statements.record(connection, version.model, entries)
            if run:
                statements.keep_run(connection, run)

    def version(self, model: str, version: int) -> VersionRow | None:
        key = (versions.c.model == model) & (versions.c.version == version)
        with self._database.read() as connection:
            body = connection.scalar(select(versions.c.body).where(key))
        return statements.value(body, VersionRow) if body else None

    def versions(self, model: str) -> list[VersionRow]:
        query = select(versions.c.body).where(versions.c.model == model).order_by(versions.c.version)
        return self._values(query, VersionRow)

    def promotions(self, model: str) -> tuple[datetime, ...]:
        promoted = (ledger.c.model == model) & (ledger.c.kind == Phase.PROMOTED)
        with self._database.read() as connection:
            times = connection.scalars(select(ledger.c.at).where(promoted).order_by(ledger.c.seq))
            return tuple(datetime.fromtimestamp(at, UTC) for at in times)

    def save_quality(self, rows: Sequence[QualityRow], kept: Sequence[CohortRow] = ()) -> None:
        with self._database.write() as connection:
            for model in {row.model for row in (*rows, *kept)}:
                statements.lock(connection, model)
            for table, row in [*((quality, row) for row in rows), *((cohorts, row) for row in kept)]:
                key = {name: getattr(row, name) for name in ("model", "day", "version", "role")}
                upsert(connection, table, **key, body=plain(row))

    def quality(self, model: str, version: int | None = None) -> list[QualityRow]:
        query = select(quality.c.body).where(quality.c.model == model)
        if version is not None:
            query = query.where(quality.c.version == version)
        return self._values(query.order_by(quality.c.day, quality.c.version, quality.c.role), QualityRow)

    def cohorts(self, model: str, since: str = "") -> list[CohortRow]:
        query = select(cohorts.c.body).where((cohorts.c.model == model) & (cohorts.c.day >= since))
        return self._values(query.order_by(cohorts.c.day, cohorts.c.version, cohorts.c.role), CohortRow)

    def add_traffic(
        self,
        model: str,
        mark: tuple[str, int],
        arms: Mapping[tuple[int, int], ArmCounts],
        profiles: Mapping[tuple[int, str], Profile] | None = None,
    ) -> None:
        segment, offset = mark
        with self._database.write(durable=False) as connection:
            statements.lock(connection, model)
            key = (marks.c.model == model) & (marks.c.segment == segment)
            counted = connection.scalar(select(marks.c.offset).where(key))
            if counted is not None and counted >= offset:
                return
            upsert(connection, marks, model=model, segment=segment, offset=offset)
            for plan in {plan for plan, _ in arms}:
                statements.add_arms(
                    connection, model, plan, {arm[1]: seen for arm, seen in arms.items() if arm[0] == plan}
                )
            for (version, hour), seen in (profiles or {}).items():
                statements.add_profile(connection, {"model": model, "version": version, "hour": hour}, seen)

    def traffic_mark(self, model: str, segment: str) -> int:
        query = select(marks.c.offset).where((marks.c.model == model) & (marks.c.segment == segment))
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def window(self, model: str, plan: int) -> dict[int, ArmCounts]:
        with self._database.read() as connection:
            return statements.window(connection, model, plan)

    def profiles(self, model: str, version: int, begin: str, end: str) -> dict[str, Profile]:
        of_version = (profiles.c.model == model) & (profiles.c.version == version)
        hours = (profiles.c.hour >= begin) & (profiles.c.hour < end)
        query = select(profiles.c.hour, profiles.c.body).where(of_version & hours).order_by(profiles.c.hour)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return {row.hour: decode(row.body) for row in rows}

    def save_signals(self, rows: Sequence[SignalRow]) -> None:
        with self._database.write() as connection:
            for model in {row.model for row in rows}:
                statements.lock(connection, model)
            for row in rows:
                key = {name: getattr(row, name) for name in ("model", "day", "version", "monitor", "subject")}
                upsert(connection, signals, **key, body=plain(row))

    def signals(self, model: str, since: str = "") -> list[SignalRow]:
        query = select(signals.c.body).where((signals.c.model == model) & (signals.c.day >= since))
        order = (signals.c.day, signals.c.version, signals.c.monitor, signals.c.subject)
        return self._values(query.order_by(*order), SignalRow)

    def save_alert(self, alert: AlertRow) -> None:
        with self._database.write() as connection:
            statements.lock(connection, alert.model)
            opened = alert.opened.timestamp()
            upsert(connection, alerts, model=alert.model, id=alert.id, opened=opened, body=plain(alert))

    def change_alert(
        self, model: str, alert: str, change: Callable[[AlertRow], AlertRow], entries: Sequence[Entry] = ()
    ) -> AlertRow | None:
        this = (alerts.c.model == model) & (alerts.c.id == alert)
        with self._database.write() as connection:
            statements.lock(connection, model)
            body = connection.scalar(select(alerts.c.body).where(this))
            if body is None:
                return None
            changed = change(statements.value(body, AlertRow))
            connection.execute(update(alerts).where(this).values(body=plain(changed)))
            statements.record(connection, model, entries)
        return changed

    def alerts(self, model: str, limit: int | None = None) -> list[AlertRow]:
        query = select(alerts.c.body).where(alerts.c.model == model)
        return self._values(query.order_by(alerts.c.opened.desc()).limit(limit), AlertRow)

    def beat(self, part: str, at: datetime, facts: Mapping[str, Any]) -> None:
        with self._database.write(durable=False) as connection:
            upsert(connection, beats, part=part, at=at.timestamp(), body=plain(facts))

    def beats(self) -> dict[str, dict[str, Any]]:
        with self._database.read() as connection:
            rows = connection.execute(select(beats)).all()
        return {row.part: {**row.body, "at": datetime.fromtimestamp(row.at, UTC)} for row in rows}

    def _values(self, query: Any, kind: type[Value]) -> list[Value]:
        with self._database.read() as connection:
            return [statements.value(body, kind) for body in connection.scalars(query)]
