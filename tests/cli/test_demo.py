"""The demonstration: loaded once, kept as it is, never put beside real accounts."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from jiebang import config, schema
from jiebang.accounts import services as accounts
from jiebang.accounts.models import User
from jiebang.boards.models import Listing
from jiebang.commands.demo import command
from jiebang.core.permissions import SYSTEM
from jiebang.db import Database


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """An empty database that the command will open, too."""
    monkeypatch.setenv("JIEBANG_HOME", str(tmp_path))
    monkeypatch.setenv("JIEBANG_DEMO", "1")
    monkeypatch.delenv("JIEBANG_DATABASE_URL", raising=False)
    settings = config.load()
    settings.prepare_home()
    database = Database(settings.database_url)
    schema.create(database)
    return database


def register(database: Database) -> None:
    with database.transaction() as session:
        accounts.create_user(
            session, SYSTEM, name="来试用的人", email="a@example.org", password="Qiu7-laoshan-x"
        )


def listings(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Listing)) or 0


def test_a_second_start_changes_nothing_even_after_somebody_registered(data: Database) -> None:
    first = CliRunner().invoke(command)
    assert first.exit_code == 0, first.output
    loaded = listings(data)
    assert loaded
    register(data)
    again = CliRunner().invoke(command)
    assert again.exit_code == 0, again.output
    assert "rd@demo.jiebang" in again.output
    assert "a@example.org" not in again.output
    assert listings(data) == loaded
    data.dispose()


def test_it_is_not_put_beside_real_accounts(data: Database) -> None:
    register(data)
    refused = CliRunner().invoke(command)
    assert refused.exit_code == 1
    assert "已有真实账号" in refused.output
    with data.reading() as session:
        assert not session.scalars(select(User).where(User.demo)).all()
    assert listings(data) == 0
    data.dispose()
