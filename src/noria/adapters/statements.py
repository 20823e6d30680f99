"""The statements of which changes of the control state are made, each within its caller's transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, select, update

from noria.adapters.database import insert, upsert
from noria.adapters.tables import ledger, models, profiles, runs, traffic
from noria.core.ledger import GENESIS, Head, append, plain
from noria.core.profile.profile import Profile, decode, encode
from noria.core.window import ArmCounts, added
from noria.errors import ProfileError
from noria.rows import Entry, ModelRow, RunRow

logger = logging.getLogger(__name__)

Value = TypeVar("Value")


def value(body: Any, kind: type[Value]) -> Value:
    """Return the value that `plain` made JSON of; not strictly, for "NaN" is a number again."""
    return msgspec.convert(body, kind, strict=False)


def lock(connection: Connection, model: str) -> int:
    """Return the model's epoch, and keep all other writers from its row; the first one makes it."""
    row = {"name": model, "epoch": 0, "previous": [], "paused": False, "seq": 0, "hash": GENESIS.hash}
    connection.execute(insert(connection, models).values(row).on_conflict_do_nothing())
    query = select(models.c.epoch).where(models.c.name == model).with_for_update()
    return int(connection.execute(query).scalar_one())


def keep_run(connection: Connection, run: RunRow) -> None:
    """Insert the run, or replace it."""
    started = run.started.timestamp()
    upsert(connection, runs, id=run.id, model=run.model, started=started, body=plain(run))


def set_model(connection: Connection, row: ModelRow) -> None:
    """Set the row of a model that `lock` made sure is there."""
    values = {
        "epoch": row.epoch,
        "champion": row.champion,
        "previous": list(row.previous),
        "paused": row.paused,
        "plan": row.plan.number if row.plan else None,
        "rollout": row.rollout.id if row.rollout else None,
    }
    connection.execute(update(models).where(models.c.name == row.name).values(values))


def head(connection: Connection, model: str) -> Head:
    """Return the end of a model's ledger."""
    row = connection.execute(select(models.c.seq, models.c.hash).where(models.c.name == model)).one_or_none()
    return Head(seq=row.seq, hash=row.hash) if row else GENESIS


def record(connection: Connection, model: str, entries: Sequence[Entry]) -> None:
    """Append entries to the ledger of a model that is locked."""
    if not entries:
        return
    end = head(connection, model)
    for entry in entries:
        end, stored = append(end, entry.fields(model))
        connection.execute(ledger.insert().values(stored))
    connection.execute(update(models).where(models.c.name == model).values(seq=end.seq, hash=end.hash))


def add_arms(connection: Connection, model: str, plan: int, fresh: Mapping[int, ArmCounts]) -> None:
    """Add counts by version to those of a plan."""
    for version, total in added(window(connection, model, plan), fresh).items():
        upsert(connection, traffic, model=model, plan=plan, version=version, body=plain(total))


def add_profile(connection: Connection, key: Mapping[str, Any], fresh: Profile) -> None:
    """Add a profile to the one of its hour; one that cannot be read or added to gives way to it."""
    place = (profiles.c[name] == value for name, value in key.items())
    stored = connection.scalar(select(profiles.c.body).where(*place))
    try:
        body = encode(decode(stored) + fresh if stored else fresh)
    except ProfileError as error:
        logger.warning("the profile of version %s, %s, begins anew: %s", key["version"], key["hour"], error)
        body = encode(fresh)
    upsert(connection, profiles, **key, body=body)


def window(connection: Connection, model: str, plan: int) -> dict[int, ArmCounts]:
    """Return the counts of a plan by version."""
    query = select(traffic.c.version, traffic.c.body)
    rows = connection.execute(query.where((traffic.c.model == model) & (traffic.c.plan == plan)))
    return {row.version: value(row.body, ArmCounts) for row in rows}
