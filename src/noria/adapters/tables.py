"""The tables of the control state. Times are epoch seconds; `body` columns hold a row's value as JSON."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

REVISION = "0001"  # the last migration, which makes exactly these tables

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _model(**options: bool) -> Column[str]:
    return Column("model", String, ForeignKey("models.name"), **options)


# One row per model: what every change compares (epoch) and sets, and the end of the model's ledger.
models = Table(
    "models",
    metadata,
    Column("name", String, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("champion", Integer),
    Column("previous", JSON, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("plan", Integer),
    Column("rollout", String),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

# Every plan and every rollout that ever was.
plans = Table(
    "plans",
    metadata,
    _model(primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("body", JSON, nullable=False),
)
rollouts = Table(
    "rollouts",
    metadata,
    _model(primary_key=True),
    Column("id", String, primary_key=True),
    Column("body", JSON, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    _model(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    Column("actor", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", JSON, nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "model", "kind"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    _model(nullable=False, index=True),
    Column("started", Double, nullable=False),
    Column("body", JSON, nullable=False),
)
versions = Table(
    "versions",
    metadata,
    _model(primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", JSON, nullable=False),
)
quality = Table(
    "quality",
    metadata,
    _model(primary_key=True),
    Column("day", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("role", String, primary_key=True),
    Column("body", JSON, nullable=False),
)

cohorts = Table(
    "cohorts",
    metadata,
    _model(primary_key=True),
    Column("day", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("role", String, primary_key=True),
    Column("body", JSON, nullable=False),
)

# What each version did under each plan, and how far into each segment it has been counted.
traffic = Table(
    "traffic",
    metadata,
    _model(primary_key=True),
    Column("plan", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", JSON, nullable=False),
)
marks = Table(
    "marks",
    metadata,
    _model(primary_key=True),
    Column("segment", String, primary_key=True),
    Column("offset", BigInteger, nullable=False),
)

# What each version was sent and said in each hour, as `noria.core.profile` encodes it.
profiles = Table(
    "profiles",
    metadata,
    _model(primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("hour", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
# What the monitors said of each day, and what of it reached somebody.
signals = Table(
    "signals",
    metadata,
    _model(primary_key=True),
    Column("day", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("monitor", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("body", JSON, nullable=False),
)
alerts = Table(
    "alerts",
    metadata,
    _model(primary_key=True),
    Column("id", String, primary_key=True),
    Column("opened", Double, nullable=False),
    Column("body", JSON, nullable=False),
)

beats = Table(
    "beats",
    metadata,
    Column("part", String, primary_key=True),
    Column("at", Double, nullable=False),
    Column("body", JSON, nullable=False),
)
