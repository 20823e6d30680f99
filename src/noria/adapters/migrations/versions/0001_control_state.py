"""The control state: models, plans, rollouts, ledger, runs, versions, quality, traffic, monitors, beats."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("champion", sa.Integer),
        sa.Column("previous", sa.JSON, nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("plan", sa.Integer),
        sa.Column("rollout", sa.String),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_models"),
    )
    _create("plans", sa.Column("number", sa.Integer), _body(), keys=("model", "number"))
    _create("rollouts", sa.Column("id", sa.String), _body(), keys=("model", "id"))
    _create(
        "ledger",
        sa.Column("seq", sa.Integer),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        _body(),
        sa.Column("hash", sa.String(64), nullable=False),
        keys=("model", "seq"),
    )
    op.create_index("ix_ledger_model_kind", "ledger", ["model", "kind"])
    _create(
        "runs",
        sa.Column("id", sa.String),
        sa.Column("started", sa.Double, nullable=False),
        _body(),
        keys=("id",),
    )
    op.create_index("ix_runs_model", "runs", ["model"])
    _create("versions", sa.Column("version", sa.Integer), _body(), keys=("model", "version"))
    _create(
        "quality",
        sa.Column("day", sa.String),
        sa.Column("version", sa.Integer),
        sa.Column("role", sa.String),
        _body(),
        keys=("model", "day", "version", "role"),
    )
    _create(
        "cohorts",
        sa.Column("day", sa.String),
        sa.Column("version", sa.Integer),
        sa.Column("role", sa.String),
        _body(),
        keys=("model", "day", "version", "role"),
    )
    _create(
        "traffic",
        sa.Column("plan", sa.Integer),
        sa.Column("version", sa.Integer),
        _body(),
        keys=("model", "plan", "version"),
    )
    _create(
        "marks",
        sa.Column("segment", sa.String),
        sa.Column("offset", sa.BigInteger, nullable=False),
        keys=("model", "segment"),
    )
    _create(
        "profiles",
        sa.Column("version", sa.Integer),
        sa.Column("hour", sa.String),
        sa.Column("body", sa.LargeBinary, nullable=False),
        keys=("model", "version", "hour"),
    )
    _create(
        "signals",
        sa.Column("day", sa.String),
        sa.Column("version", sa.Integer),
        sa.Column("monitor", sa.String),
        sa.Column("subject", sa.String),
        _body(),
        keys=("model", "day", "version", "monitor", "subject"),
    )
    _create(
        "alerts",
        sa.Column("id", sa.String),
        sa.Column("opened", sa.Double, nullable=False),
        _body(),
        keys=("model", "id"),
    )
    op.create_table(
        "beats",
        sa.Column("part", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        _body(),
        sa.PrimaryKeyConstraint("part", name="pk_beats"),
    )


def _body() -> sa.Column:
    return sa.Column("body", sa.JSON, nullable=False)


def _create(table: str, *columns: sa.Column, keys: tuple[str, ...]) -> None:
    """Create a table whose rows belong to a model."""
    op.create_table(
        table,
        sa.Column("model", sa.String, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(*keys, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["model"], ["models.name"], name=f"fk_{table}_models"),
    )
