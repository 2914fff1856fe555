"""The first accounts of a platform without default ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from jiebang import config, schema
from jiebang.accounts.models import User
from jiebang.commands.user import command
from jiebang.core import audit
from jiebang.core.permissions import Role
from jiebang.db import Database

PASSWORD = "Qiu7-laoshan-x"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JIEBANG_HOME", str(tmp_path))
    monkeypatch.delenv("JIEBANG_DATABASE_URL", raising=False)
    settings = config.load()
    settings.prepare_home()
    database = Database(settings.database_url)
    schema.create(database)
    database.dispose()
    return tmp_path


def run(*words: str, password: str = PASSWORD) -> tuple[int, str]:
    result = CliRunner().invoke(command, ["add", *words, "--password-stdin"], input=password + "\n")
    return result.exit_code, result.output


def test_an_operator_is_made_with_its_audit_row(home: Path) -> None:
    code, text = run("--email", "Op@Example.org", "--name", "运营甲", "--role", "operator")
    assert code == 0, text
    assert "运营" in text
    assert PASSWORD not in text
    database = Database(f"sqlite:///{home}/jiebang.db")
    with database.reading() as session:
        user = session.scalars(select(User)).one()
        assert user.email == "op@example.org"
        assert [row.role for row in user.roles] == [Role.OPERATOR]
        assert not user.demo
        assert session.scalars(select(audit.AuditEntry)).all()
        assert not list(audit.verify(session))
    database.dispose()


@pytest.mark.parametrize(
    ("words", "password", "says"),
    [
        (("--name", "甲"), PASSWORD, "--email"),
        (("--email", "a@example.org", "--name", "甲"), "short", "密码"),
        (("--email", "not an address", "--name", "甲"), PASSWORD, "邮箱"),
        (
            (
                "--email", "a@example.org", "--name", "甲",
                "--role", "auditor", "--role", "system_administrator",
            ),
            PASSWORD,
            "不同的人",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_kept(
    home: Path, words: tuple[str, ...], password: str, says: str
) -> None:
    code, text = run(*words, password=password)
    assert code != 0
    assert says in text
    assert "Traceback" not in text
    database = Database(f"sqlite:///{home}/jiebang.db")
    with database.reading() as session:
        assert session.scalars(select(User)).all() == []
    database.dispose()


def test_the_same_address_twice_is_refused(home: Path) -> None:
    assert run("--email", "a@example.org", "--name", "甲")[0] == 0
    code, text = run("--email", "A@example.org", "--name", "乙")
    assert code == 1
    assert "已" in text
