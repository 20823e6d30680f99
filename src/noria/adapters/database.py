"""The database of the control state: transactions, errors, migrations, and all that is SQLite's alone.

Every transaction that writes takes SQLite's write lock as it begins (BEGIN IMMEDIATE): two writers queue
up, and never find out at the end that they dead-locked. Only one process of a project may checkpoint: with
several, SQLite before 3.51.3 can, rarely, lose a transaction (https://www.sqlite.org/wal.html, "The WAL-Reset
Bug").
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import finalize

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from noria.adapters.tables import REVISION
from noria.errors import StateError, Unavailable

BUSY_TIMEOUT = 30.0  # seconds that a writer waits for its turn

# What a transaction may do, as an execution option of its connection, and how SQLite begins it.
READ, WRITE, WRITE_QUICKLY = "read", "write", "write quickly"
_BEGIN = {
    READ: ("BEGIN",),
    WRITE: ("PRAGMA synchronous=FULL", "BEGIN IMMEDIATE"),
    WRITE_QUICKLY: ("PRAGMA synchronous=NORMAL", "BEGIN IMMEDIATE"),
}


class Database:
    """An open database with all its tables, made or migrated as it was opened."""

    def __init__(self, url: str, *, checkpoints: bool = False) -> None:
        """Open `url`, such as `sqlite:////home/me/churn/.noria/state.db`.

        `checkpoints` makes this process the one that moves SQLite's write-ahead log into the file; without
        one, that is done when the last process closes the database.

        Raises:
            Unavailable: it cannot be opened.
            StateError: a newer noria made it.
        """
        self._url = make_url(url)
        self._sqlite = self._url.get_backend_name() == "sqlite"
        self._engine = self._sqlite_engine(checkpoints) if self._sqlite else create_engine(self._url)
        finalize(self, self._engine.dispose)  # a verb ends without closing it; Python 3.13 warns of that
        with self._named_errors():
            _migrate(self._engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the database, whatever is written meanwhile."""
        with self._transaction(READ) as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """A transaction that is on the disk when it ends; if not `durable`, a power cut may undo it."""
        with self._transaction(WRITE if durable else WRITE_QUICKLY) as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _transaction(self, mode: str) -> Iterator[Connection]:
        with self._named_errors(), self._engine.connect() as connection:
            connection.execution_options(mode=mode)
            with connection.begin():
                yield connection

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if not isinstance(error, OperationalError) and type(error) is not DatabaseError:
                raise  # a broken rule of the tables is noria's own fault, and not the database's
            name = self._url.database if self._sqlite else self._url.render_as_string()
            raise Unavailable(f"the control state {name}: {error.orig}", hint="noria doctor") from error

    def _sqlite_engine(self, checkpoints: bool) -> Engine:
        Path(self._url.database or "").parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(self._url, connect_args={"timeout": BUSY_TIMEOUT})

        def connected(raw: Any, _record: Any) -> None:
            raw.isolation_level = None  # the driver is to begin nothing by itself
            try:
                raw.execute("PRAGMA journal_mode=WAL")
                raw.execute("PRAGMA foreign_keys=ON")
                if not checkpoints:
                    raw.execute("PRAGMA wal_autocheckpoint=0")
            except BaseException:
                raw.close()  # it is not in the pool yet, which would close it
                raise

        def begun(connection: Connection) -> None:
            for statement in _BEGIN[connection.get_execution_options().get("mode", READ)]:
                connection.exec_driver_sql(statement)

        event.listen(engine, "connect", connected)
        event.listen(engine, "begin", begun)
        return engine


def insert(connection: Connection, table: Table) -> Any:
    """Return an INSERT of the connection's dialect, which can also say what to do on a conflict."""
    return import_module(f"sqlalchemy.dialects.{connection.dialect.name}").insert(table)


def upsert(connection: Connection, table: Table, **row: Any) -> None:
    """Insert the row, or update the one that has the same primary key."""
    statement = insert(connection, table).values(row)
    keys = table.primary_key.columns.keys()
    others = {name: statement.excluded[name] for name in row if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others))


def _migrate(engine: Engine) -> None:
    """Bring the tables up to date; alembic is imported only where they are not."""
    with engine.connect() as connection:
        found = _revision(connection)
    if found == REVISION:
        return
    if found is not None and found > REVISION:
        raise StateError(
            f"a newer noria made the control state: it is of revision {found}, and this one knows {REVISION}",
            hint="pip install --upgrade noria",
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.connect() as connection:
        connection.execution_options(mode=WRITE)
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(text("SELECT version_num FROM alembic_version"))
