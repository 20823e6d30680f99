"""The control state in SQL: SQLite beside the project, or Postgres."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, select, update

from noria.adapters.database import Database, insert, upsert
from noria.adapters.tables import (
    alerts,
    beats,
    ledger,
    marks,
    models,
    plans,
    profiles,
    quality,
    rollouts,
    runs,
    signals,
    traffic,
    versions,
)
from noria.core.ledger import CHAINED, GENESIS, Head, append, plain
from noria.core.profile.profile import Profile, decode, encode
from noria.core.rollout import Phase, Rollout
from noria.core.traffic import Plan
from noria.core.window import ArmCounts, added
from noria.errors import ProfileError
from noria.rows import AlertRow, Entry, ModelRow, QualityRow, RunRow, SignalRow, VersionRow, told

logger = logging.getLogger(__name__)

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
            plan=_value(row.plan_body, Plan) if row.plan_body else None,
            rollout=_value(row.rollout_body, Rollout) if row.rollout_body else None,
        )

    def change(self, before: ModelRow, after: ModelRow, entries: Sequence[Entry]) -> ModelRow:
        entries = told(before, after, entries)
        now = replace(after, name=before.name, epoch=before.epoch + 1)
        with self._database.write() as connection:
            before.check_epoch(_lock(connection, before.name))
            if now.plan and now.plan != before.plan:
                body = plain(now.plan)
                connection.execute(plans.insert().values(model=now.name, number=now.plan.number, body=body))
            if now.rollout:
                upsert(connection, rollouts, model=now.name, id=now.rollout.id, body=plain(now.rollout))
            _append(connection, now.name, entries)
            _set(connection, now)
        return now

    def record(self, model: str, entries: Sequence[Entry]) -> None:
        with self._database.write() as connection:
            _lock(connection, model)
            _append(connection, model, entries)

    def ledger(self, model: str, limit: int | None = None) -> list[dict[str, Any]]:
        fields = [ledger.c[name] for name in ("seq", *CHAINED, "hash")]
        query = select(*fields).where(ledger.c.model == model).order_by(ledger.c.seq.desc()).limit(limit)
        with self._database.read() as connection:
            return [dict(row) for row in reversed(connection.execute(query).mappings().all())]

    def head(self, model: str) -> Head:
        with self._database.read() as connection:
            return _head(connection, model)

    def save_run(self, run: RunRow, entries: Sequence[Entry] = ()) -> None:
        with self._database.write() as connection:
            _lock(connection, run.model)
            _append(connection, run.model, entries)
            _keep(connection, run)

    def run(self, run: str) -> RunRow | None:
        with self._database.read() as connection:
            body = connection.scalar(select(runs.c.body).where(runs.c.id == run))
        return _value(body, RunRow) if body else None

    def runs(self, model: str, limit: int = 100) -> list[RunRow]:
        query = select(runs.c.body).where(runs.c.model == model)
        query = query.order_by(runs.c.started.desc(), runs.c.id.desc()).limit(limit)
        return self._values(query, RunRow)

    def save_version(
        self, version: VersionRow, run: RunRow | None = None, entries: Sequence[Entry] = ()
    ) -> None:
        with self._database.write() as connection:
            _lock(connection, version.model)
            row = {"model": version.model, "version": version.version}
            upsert(connection, versions, **row, body=plain(version))
            _append(connection, version.model, entries)
            if run:
                _keep(connection, run)

    def version(self, model: str, version: int) -> VersionRow | None:
        key = (versions.c.model == model) & (versions.c.version == version)
        with self._database.read() as connection:
            body = connection.scalar(select(versions.c.body).where(key))
        return _value(body, VersionRow) if body else None

    def versions(self, model: str) -> list[VersionRow]:
        query = select(versions.c.body).where(versions.c.model == model).order_by(versions.c.version)
        return self._values(query, VersionRow)

    def promotions(self, model: str) -> tuple[datetime, ...]:
        promoted = (ledger.c.model == model) & (ledger.c.kind == Phase.PROMOTED)
        with self._database.read() as connection:
            times = connection.scalars(select(ledger.c.at).where(promoted).order_by(ledger.c.seq))
            return tuple(datetime.fromtimestamp(at, UTC) for at in times)

    def save_quality(self, rows: Sequence[QualityRow]) -> None:
        with self._database.write() as connection:
            for model in {row.model for row in rows}:
                _lock(connection, model)
            for row in rows:
                key = {"model": row.model, "day": row.day, "version": row.version, "role": row.role}
                upsert(connection, quality, **key, body=plain(row))

    def quality(self, model: str, version: int | None = None) -> list[QualityRow]:
        query = select(quality.c.body).where(quality.c.model == model)
        if version is not None:
            query = query.where(quality.c.version == version)
        return self._values(query.order_by(quality.c.day, quality.c.version, quality.c.role), QualityRow)

    def add_traffic(
        self,
        model: str,
        mark: tuple[str, int],
        arms: Mapping[tuple[int, int], ArmCounts],
        profiles: Mapping[tuple[int, str], Profile] | None = None,
    ) -> None:
        segment, offset = mark
        with self._database.write(durable=False) as connection:
            _lock(connection, model)
            key = (marks.c.model == model) & (marks.c.segment == segment)
            counted = connection.scalar(select(marks.c.offset).where(key))
            if counted is not None and counted >= offset:
                return
            upsert(connection, marks, model=model, segment=segment, offset=offset)
            for plan in {plan for plan, _ in arms}:
                _add(connection, model, plan, {arm[1]: seen for arm, seen in arms.items() if arm[0] == plan})
            for (version, hour), seen in (profiles or {}).items():
                _add_profile(connection, {"model": model, "version": version, "hour": hour}, seen)

    def traffic_mark(self, model: str, segment: str) -> int:
        query = select(marks.c.offset).where((marks.c.model == model) & (marks.c.segment == segment))
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def window(self, model: str, plan: int) -> dict[int, ArmCounts]:
        with self._database.read() as connection:
            return _window(connection, model, plan)

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
                _lock(connection, model)
            for row in rows:
                key = {name: getattr(row, name) for name in ("model", "day", "version", "monitor", "subject")}
                upsert(connection, signals, **key, body=plain(row))

    def signals(self, model: str, since: str = "") -> list[SignalRow]:
        query = select(signals.c.body).where((signals.c.model == model) & (signals.c.day >= since))
        order = (signals.c.day, signals.c.version, signals.c.monitor, signals.c.subject)
        return self._values(query.order_by(*order), SignalRow)

    def save_alert(self, alert: AlertRow) -> None:
        with self._database.write() as connection:
            _lock(connection, alert.model)
            opened = alert.opened.timestamp()
            upsert(connection, alerts, model=alert.model, id=alert.id, opened=opened, body=plain(alert))

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
            return [_value(body, kind) for body in connection.scalars(query)]


def _value(body: Any, kind: type[Value]) -> Value:
    """Return the value that `plain` made JSON of; not strictly, for "NaN" is a number again."""
    return msgspec.convert(body, kind, strict=False)


def _lock(connection: Connection, model: str) -> int:
    """Return the model's epoch, and keep all other writers from its row; the first one makes it."""
    row = {"name": model, "epoch": 0, "previous": [], "paused": False, "seq": 0, "hash": GENESIS.hash}
    connection.execute(insert(connection, models).values(row).on_conflict_do_nothing())
    query = select(models.c.epoch).where(models.c.name == model).with_for_update()
    return int(connection.execute(query).scalar_one())


def _keep(connection: Connection, run: RunRow) -> None:
    started = run.started.timestamp()
    upsert(connection, runs, id=run.id, model=run.model, started=started, body=plain(run))


def _set(connection: Connection, row: ModelRow) -> None:
    values = {
        "epoch": row.epoch,
        "champion": row.champion,
        "previous": list(row.previous),
        "paused": row.paused,
        "plan": row.plan.number if row.plan else None,
        "rollout": row.rollout.id if row.rollout else None,
    }
    connection.execute(update(models).where(models.c.name == row.name).values(values))


def _head(connection: Connection, model: str) -> Head:
    row = connection.execute(select(models.c.seq, models.c.hash).where(models.c.name == model)).one_or_none()
    return Head(seq=row.seq, hash=row.hash) if row else GENESIS


def _append(connection: Connection, model: str, entries: Sequence[Entry]) -> None:
    if not entries:
        return
    head = _head(connection, model)
    for entry in entries:
        head, stored = append(head, entry.fields(model))
        connection.execute(ledger.insert().values(stored))
    connection.execute(update(models).where(models.c.name == model).values(seq=head.seq, hash=head.hash))


def _add(connection: Connection, model: str, plan: int, fresh: Mapping[int, ArmCounts]) -> None:
    for version, total in added(_window(connection, model, plan), fresh).items():
        upsert(connection, traffic, model=model, plan=plan, version=version, body=plain(total))


def _add_profile(connection: Connection, key: Mapping[str, Any], fresh: Profile) -> None:
    """Add a profile to the one of its hour; one that cannot be read or added to gives way to it."""
    place = (profiles.c[name] == value for name, value in key.items())
    stored = connection.scalar(select(profiles.c.body).where(*place))
    try:
        fresh = decode(stored) + fresh if stored else fresh
    except ProfileError as error:
        logger.warning("the profile of version %s, %s, begins anew: %s", key["version"], key["hour"], error)
    upsert(connection, profiles, **key, body=encode(fresh))


def _window(connection: Connection, model: str, plan: int) -> dict[int, ArmCounts]:
    query = select(traffic.c.version, traffic.c.body)
    rows = connection.execute(query.where((traffic.c.model == model) & (traffic.c.plan == plan)))
    return {row.version: _value(row.body, ArmCounts) for row in rows}
