"""The database schema: brought up to date by Alembic, from a checkout and from a wheel alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import Connection, insert, select, text

from . import models
from .boards.tracks import shipped
from .brokering import shipped as specialist_rules
from .core.audit import GENESIS, AuditHead
from .db import WRITE, Database
from .discovery.models import SearchRevision
from .technology.grants import shipped as grant_tables

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 7_210_934_511
"""Any number: PostgreSQL's advisory lock under which one process at a time migrates."""


class BrokenReferences(Exception):
    """A migration on SQLite would have left rows that point nowhere; it was rolled back."""


@dataclass(frozen=True, slots=True)
class State:
    """Where the database is, and where this program's migrations end."""

    revision: str | None
    head: str

    @property
    def is_current(self) -> bool:
        return self.revision == self.head


def upgrade(database: Database, revision: str = "head") -> None:
    """Brings the schema up to date in one transaction; a second call changes nothing."""
    from alembic import command

    with migrating(database) as connection:
        command.upgrade(_config(connection), revision)
        if revision == "head":
            _seed(connection)


def downgrade(database: Database, revision: str) -> None:
    """Takes the schema back to an earlier revision; "base" removes everything."""
    from alembic import command

    with migrating(database) as connection:
        if not database.is_sqlite:  # a cache beside the schema, made again when it is asked for
            connection.execute(text("DROP TABLE IF EXISTS search_vector"))
        command.downgrade(_config(connection), revision)


def current(database: Database) -> State:
    """The database's revision next to the newest one.

    Every start asks this, so it does without Alembic, which would double the time a start takes:
    a migration's file is named for its number, and the numbers grow.
    """
    with database.engine.connect() as connection:
        found = None
        if database.engine.dialect.has_table(connection, "alembic_version"):
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return State(found, head())


def head() -> str:
    """The newest migration's number."""
    names = [path.name for path in (script_location() / "versions").glob("[0-9]*_*.py")]
    return max(names).partition("_")[0]


def create(database: Database) -> None:
    """Makes all tables at once from the models, for tests; migrations are held equal by a test."""
    from alembic import command

    with migrating(database) as connection:
        models.metadata().create_all(connection)
        command.stamp(_config(connection), "head")
        _seed(connection)


def differences(database: Database) -> list[object]:
    """What a new migration would have to change; empty when models and tables agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_name": _is_schema,
            },
        )
        return list(compare_metadata(context, models.metadata()))


def _is_schema(name: str | None, kind: str, _parents: object) -> bool:
    """The vectors' table belongs to their engine, which makes it where it is chosen."""
    return kind != "table" or not str(name).startswith("search_vector")


@contextmanager
def migrating(database: Database) -> Iterator[Connection]:
    """A connection in a writing transaction that no other migration shares.

    SQLite rebuilds a table by dropping it, which would cascade: foreign keys are off meanwhile
    (that works outside transactions only) and checked before the commit.
    """
    engine = database.engine.execution_options(**{WRITE: True})
    with engine.connect() as connection:
        if not database.is_sqlite:
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                yield connection
            return
        _foreign_keys(connection, "OFF")
        try:
            with connection.begin():
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    tables = sorted({str(row[0]) for row in broken})
                    raise BrokenReferences(f"{len(broken)} 行引用失效：{'、'.join(tables)}")
        finally:
            _foreign_keys(connection, "ON")


def _foreign_keys(connection: Connection, value: str) -> None:
    """Set below SQLAlchemy, which would begin a transaction first."""
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute(f"PRAGMA foreign_keys={value}")


def _seed(connection: Connection) -> None:
    """The rows that the program expects to find: those it locks, and the shipped rules."""
    shipped.seed(connection)
    specialist_rules.seed(connection)
    grant_tables.seed(connection)
    if connection.scalar(select(AuditHead.id).where(AuditHead.id == 1)) is None:
        connection.execute(insert(AuditHead).values(id=1, last_id=0, last_hash=GENESIS))
    if connection.scalar(select(SearchRevision.id).where(SearchRevision.id == 1)) is None:
        connection.execute(insert(SearchRevision).values(id=1, value=0, database=str(uuid4())))


def script_location() -> Path:
    """The migrations: inside the package in a wheel, at the root in a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "migrations"
    return inside if inside.is_dir() else here.parents[1] / "migrations"


def _config(connection: Connection | None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(script_location()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
