"""Migrations: up, down and up again, equal to the models, on both databases."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from jiebang import schema
from jiebang.core.audit import AuditHead
from jiebang.db import Database
from jiebang.discovery.models import SearchRevision


@pytest.fixture
def empty(empty_url: str) -> Database:
    return Database(empty_url)


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def test_up_down_up(empty: Database) -> None:
    assert schema.current(empty).revision is None
    schema.upgrade(empty)
    assert schema.current(empty).is_current
    assert "listing" in tables(empty)
    with empty.reading() as session:
        assert session.get_one(AuditHead, 1).last_id == 0
        first = session.get_one(SearchRevision, 1).database
    schema.upgrade(empty)
    with empty.reading() as session:
        assert session.get_one(SearchRevision, 1).database == first
    schema.downgrade(empty, "base")
    assert tables(empty) == {"alembic_version"}
    schema.upgrade(empty)
    assert schema.current(empty).is_current
    empty.dispose()


def test_files_are_named_for_their_revisions_in_one_line() -> None:
    """`schema.current` relies on it."""
    script = ScriptDirectory(str(schema.script_location()))
    revisions = list(script.walk_revisions())
    assert script.get_heads() == [schema.head()]
    for each in revisions:
        assert Path(each.path).name.startswith(f"{each.revision}_")
        assert each.down_revision is None or str(each.down_revision) < each.revision


def test_migrations_make_what_the_models_say(empty: Database) -> None:
    schema.upgrade(empty)
    assert schema.differences(empty) == []
    empty.dispose()


def test_migrations_make_the_same_checks_as_the_models(empty: Database, database: Database) -> None:
    """`compare_metadata` does not look at CHECK constraints."""

    def checks(of: Database) -> dict[str, set[str]]:
        inspector = inspect(of.engine)
        return {
            table: {str(each["name"]) for each in inspector.get_check_constraints(table)}
            for table in inspector.get_table_names()
        }

    schema.upgrade(empty)
    assert checks(empty) == checks(database)
    empty.dispose()


def test_processes_that_migrate_together_do_it_once(empty: Database) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        mine = Database(empty.url.render_as_string(hide_password=False))
        try:
            schema.upgrade(mine)
        except BaseException as error:
            failures.append(error)
        finally:
            mine.dispose()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert schema.current(empty).is_current
    empty.dispose()
