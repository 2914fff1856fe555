"""Registering, confirming an address, the rules of passwords and sign-in names."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from jiebang.accounts import identifiers, passwords
from jiebang.accounts.demo import DEMO_PASSWORD
from jiebang.accounts.legal import CONSENT_VERSION
from jiebang.accounts.models import User
from jiebang.accounts.views.registration import REGISTRATIONS
from jiebang.config import Settings
from jiebang.core import mail
from jiebang.db import Database
from jiebang.worker import Worker
from tests.accounts.conftest import Trail
from tests.conftest import MakeUser, post

NEW = {
    "name": "李  工",
    "identifier": "Li@Example.com",
    "password": "seven blue lanterns",
    "consent": "y",
}


def letters(settings: Settings, database: Database) -> list[str]:
    """What the worker delivers: the texts of all letters, oldest first."""
    Worker(database, {mail.KIND: mail.handler(settings)}).drain()
    files = sorted(settings.mailbox.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    found = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]
    return [f"{one['To']}\n{one['Subject']}\n{one.get_content()}" for one in found]


def path_in(letter: str) -> str:
    """The link of a letter without the site's address."""
    match = re.search(r"https?://[^/\s]+(/\S+)", letter)
    assert match
    return match[1]


def test_registering_signs_in_and_asks_for_an_organisation(
    client: FlaskClient, database: Database, settings: Settings, trail: Trail
) -> None:
    answer = post(client, "/register", NEW)
    assert answer.status_code == 303
    assert client.get("/account").status_code == 200
    with database.reading() as session:
        user = session.scalars(select(User)).one()
    assert (user.display_name, user.email) == ("李 工", "li@example.com")
    assert user.consent_version == CONSENT_VERSION
    assert user.consent_at is not None
    assert user.password_hash.startswith("$argon2id$")
    assert trail.actions() == ["account.created", "account.signed_in"]
    (letter,) = letters(settings, database)
    assert letter.startswith("li@example.com\n请确认您的邮箱")


def test_the_letters_link_shows_a_button_and_works_once(
    client: FlaskClient, database: Database, settings: Settings, trail: Trail
) -> None:
    post(client, "/register", NEW)
    path = path_in(letters(settings, database)[0])
    assert client.get(path).status_code == 200
    with database.reading() as session:
        assert session.scalars(select(User.email_confirmed_at)).one() is None
    assert post(client, path).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(User.email_confirmed_at)).one() is not None
    assert client.get(path).status_code == 410
    assert post(client, path).status_code == 409
    assert trail.actions()[-1] == "account.email_confirmed"


def test_without_consent_nothing_happens_and_what_was_typed_stays(
    client: FlaskClient, database: Database
) -> None:
    answer = post(client, "/register", {**NEW, "consent": ""})
    assert answer.status_code == 422
    assert "请先阅读并勾选同意" in answer.text
    assert "Li@Example.com" in answer.text
    assert NEW["password"] not in answer.text
    with database.reading() as session:
        assert session.scalars(select(User)).all() == []


def test_a_name_that_is_taken_is_not_told_without_limit(
    app: Flask, database: Database, make_user: MakeUser
) -> None:
    make_user(email="li@example.com")
    answers = [post(app.test_client(), "/register", NEW) for _ in range(REGISTRATIONS + 1)]
    assert [answer.status_code for answer in answers] == [422] * REGISTRATIONS + [429]
    assert "已注册，请直接登录或找回密码" in answers[0].text
    with database.reading() as session:
        assert len(session.scalars(select(User)).all()) == 1


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "至少"),
        ("password123", "太常见"),
        ("aaaaaaaaaaaa", "太常见"),
        ("1234567890", "太常见"),
        (DEMO_PASSWORD, "太常见"),
        ("zhangwei likes tea", "包含"),
        ("x" * 129, "最多"),
        ("seven blue lanterns", None),
        ("七盏蓝色的灯笼挂在门口", None),
    ],
)
def test_password_rules(password: str, said: str | None) -> None:
    problem = passwords.problem(password, "zhangwei@example.com", None)
    assert (problem is None) if said is None else (problem is not None and said in problem)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("13800138000", "13800138000"),
        ("+86 138 0013 8000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("Li.Wei@Example.com", "li.wei@example.com"),
        ("ｌｉ＠example.com", "li@example.com"),
        ("12800138000", None),
        ("1380013800", None),
        ("li@example", None),
        ("li@@example.com", None),
        ("li@exa mple.com", None),
        ("", None),
    ],
)
def test_sign_in_names(typed: str, read: str | None) -> None:
    found = identifiers.parse(typed)
    assert (found.value if found else None) == read
