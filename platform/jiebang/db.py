"""The database: one engine a process, transactions that say whether they write."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from .turns import Line

log = structlog.get_logger()

WRITE = "jiebang_write"
BUSY_SECONDS = 30
"""How long a connection to SQLite waits for another's write once it is its turn to ask, and how
long it stands in line for that."""
LONG_WAIT, LONG_WRITE = 5.0, 2.0
"""Seconds of waiting for SQLite's one write lock, and of holding it, that the log tells of."""
_TURN = "jiebang_turn"
_PAGES_AT_HAND, _LOGGED_PAGES = 32_000, 8_000
"""KB of pages (SQLite's own choice is 2,000), and pages of 4 KB in the log before they are moved
(1,000), where `expect_much` was called."""
FIXED_VERSIONS = ((3, 50, 7), (3, 51, 3))
"""First versions of their series without the WAL-reset corruption bug of 2026 (TRUST.md)."""


def sqlite_module() -> ModuleType:
    """pysqlite3's newer SQLite where it is installed (Linux), else the standard library's."""
    try:
        import pysqlite3.dbapi2 as newer
    except ImportError:
        return sqlite3
    return newer  # type: ignore[no-any-return]


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite version has the fix; others get a rollback journal instead of WAL."""
    if version[:2] == (3, 50):
        return version >= FIXED_VERSIONS[0]
    return version >= FIXED_VERSIONS[1]


class Database:
    """Hands out sessions. SQLite writers take the lock at BEGIN, so none fails half-way."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _sqlite_engine(url) if self.is_sqlite else _server_engine(url)
        self._writing = self.engine.execution_options(**{WRITE: True})

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def expect_much(self) -> None:
        """For a process that writes a file of many rows and ends: SQLite may keep more pages at
        hand, and moves them from its log to their places more seldom. Servers are asked nothing."""
        if self.is_sqlite:
            event.listen(self.engine, "connect", _roomy)
            self.engine.dispose()

    def session(self, *, write: bool) -> Session:
        """A session for one request or job; the caller commits once and closes."""
        return Session(self._writing if write else self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A writing session that commits at the end and rolls back on any error."""
        with self.session(write=True) as session:
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for queries alone."""
        with self.session(write=False) as session:
            yield session

    def dispose(self) -> None:
        """Closes all connections."""
        self.engine.dispose()

    def ready(self) -> bool:
        """Whether the schema is there."""
        with self.engine.connect() as connection:
            return self.engine.dialect.has_table(connection, "audit_head")


def _sqlite_engine(url: str) -> Engine:
    module = sqlite_module()
    database = make_url(url).database
    if database and database != ":memory:":
        Path(database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    waits = {"timeout": BUSY_SECONDS}
    engine = create_engine(
        url, module=module, connect_args=waits, hide_parameters=True, json_serializer=_json
    )
    line = Line(Path(f"{database}-line")) if database and database != ":memory:" else None
    journal = "WAL" if wal_is_safe(module.sqlite_version_info) else "TRUNCATE"

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute(_patience())
        _journal(cursor, journal, module)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(WRITE, False):
            connection.exec_driver_sql("BEGIN")
            return
        asked = time.monotonic()
        if line is None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif line.pressing() or not _at_once(connection, module):
            with line.turn(BUSY_SECONDS):
                connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.info[_TURN] = (asked, time.monotonic())

    @event.listens_for(engine, "checkin")
    def _ended(_connection: object, record: Any) -> None:
        asked, began = record.info.pop(_TURN, (0.0, 0.0))
        waited, held = began - asked, time.monotonic() - began
        if asked and (waited > LONG_WAIT or held > LONG_WRITE):
            # one writes at a time: whoever holds the lock for long keeps everybody waiting
            log.warning("database.slow_write", waited=round(waited, 2), held=round(held, 2))

    return engine


def _roomy(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA cache_size=-{_PAGES_AT_HAND}")
    cursor.execute(f"PRAGMA wal_autocheckpoint={_LOGGED_PAGES}")
    cursor.close()


def _patience() -> str:
    return f"PRAGMA busy_timeout={int(1000 * BUSY_SECONDS)}"


def _at_once(connection: Connection, module: ModuleType) -> bool:
    """Begins to write if nobody else does; waits for nothing."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute("PRAGMA busy_timeout=0")
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except module.OperationalError:  # what else is wrong comes again, and is told then
            return False
        finally:
            cursor.execute(_patience())
        return True
    finally:
        cursor.close()


def _journal(cursor: Any, journal: str, module: ModuleType) -> None:
    """Sets a database's journal. A new file's is changed by whoever opens it first, alone, and for
    that SQLite refuses the others at once, whatever the busy timeout: they ask again."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute(f"PRAGMA journal_mode={journal}")
            return
        except module.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
        time.sleep(0.02)


def _server_engine(url: str) -> Engine:
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=10,
        hide_parameters=True,
        json_serializer=_json,
    )


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Chinese as it is: half the bytes of `\\u4e2d`."""


def integrity(database: Database) -> str:
    """SQLite's own check ("ok"), or a reachable server's version."""
    with database.engine.connect() as connection:
        statement = "PRAGMA quick_check" if database.is_sqlite else "SHOW server_version"
        return str(connection.execute(text(statement)).scalar_one())
