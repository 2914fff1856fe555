"""Changing and resetting a password; the other sessions; one's own profile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from jiebang.accounts.models import OneTimeToken, User
from jiebang.config import Settings
from jiebang.db import Database
from tests.accounts.conftest import Trail
from tests.accounts.test_registration import letters, path_in
from tests.conftest import PASSWORD, MakeUser, post, sign_in

NEW = "nine green umbrellas"


def test_a_new_password_ends_the_other_sessions(
    app: Flask, make_user: MakeUser, settings: Settings, database: Database, trail: Trail
) -> None:
    user = make_user()
    here, there = app.test_client(), app.test_client()
    sign_in(here, user)
    sign_in(there, user)
    wrong = post(here, "/account/password", {"current": "wrong", "password": NEW})
    assert wrong.status_code == 422
    assert there.get("/account").status_code == 200
    changed = post(here, "/account/password", {"current": PASSWORD, "password": NEW})
    assert changed.status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    sign_in(there, user, NEW)
    assert "密码已修改" in letters(settings, database)[0]
    assert "account.password_changed" in trail.actions()


def test_other_devices_can_be_signed_out(app: Flask, make_user: MakeUser) -> None:
    user = make_user()
    here, there = app.test_client(), app.test_client()
    sign_in(here, user)
    sign_in(there, user)
    assert "退出其他设备" in here.get("/account").text
    assert post(here, "/account/sessions/end").status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303


def test_a_reset_link_works_once_ends_all_sessions_and_opens_the_lock(
    app: Flask, make_user: MakeUser, settings: Settings, database: Database, trail: Trail
) -> None:
    user = make_user(email="li@example.com", phone="13800138000")
    signed_in, client = app.test_client(), app.test_client()
    sign_in(signed_in, user)
    for _ in range(5):
        post(client, "/sign-in", {"identifier": "13800138000", "password": "wrong wrong"})
    assert post(client, "/password/forgotten", {"identifier": user.email}).status_code == 200
    path = path_in(letters(settings, database)[0])
    assert client.get(path).status_code == 200
    weak = post(client, path, {"password": "password123"})
    assert weak.status_code == 422  # and the link is not used up by that
    assert post(client, path, {"password": NEW}).status_code == 303
    assert signed_in.get("/account").status_code == 303
    assert client.get(path).status_code == 410
    again = post(client, path, {"password": "another long phrase"})
    assert again.status_code == 410
    sign_in(client, user, NEW)
    actions = trail.actions()
    assert "account.reset_requested" in actions
    assert actions.count("account.password_reset") == 1


def test_a_reset_link_expires_and_a_newer_one_replaces_it(
    client: FlaskClient, make_user: MakeUser, settings: Settings, database: Database
) -> None:
    user = make_user()
    for _ in range(2):
        post(client, "/password/forgotten", {"identifier": user.email})
    first, second = (path_in(letter) for letter in letters(settings, database))
    assert client.get(first).status_code == 410
    assert client.get(second).status_code == 200
    with database.transaction() as session:
        token = session.scalars(select(OneTimeToken)).one()
        token.expires_at -= timedelta(minutes=31)
    assert client.get(second).status_code == 410
    assert post(client, second, {"password": NEW}).status_code == 410


@pytest.mark.parametrize("kind", ["unknown", "phone only", "stopped"])
def test_the_answer_does_not_tell_who_is_registered(
    app: Flask, make_user: MakeUser, settings: Settings, database: Database, kind: str
) -> None:
    make_user(email="known@example.com")
    name = "13900139000"
    if kind == "phone only":
        make_user(phone=name)
    elif kind == "stopped":
        make_user(email="gone@example.com", phone=name)
        with database.transaction() as session:
            session.execute(update(User).where(User.phone == name).values(active=False))
    pages = []
    for typed in ("known@example.com", name):
        answer = post(app.test_client(), "/password/forgotten", {"identifier": typed})
        assert answer.status_code == 200
        text = answer.text.replace(typed, "NAME")
        pages.append([line for line in text.splitlines() if "nonce" not in line])
    assert pages[0] == pages[1]
    assert len(letters(settings, database)) == 1


def test_a_new_address_has_to_be_confirmed_and_the_old_one_is_told(
    client: FlaskClient, make_user: MakeUser, settings: Settings, database: Database
) -> None:
    user = make_user(email="old@example.com")
    make_user(email="taken@example.com")
    with database.transaction() as session:
        session.execute(update(User).values(email_confirmed_at=User.created_at))
    sign_in(client, user)
    taken = post(client, "/account", {"name": "李工", "email": "taken@example.com"})
    assert taken.status_code == 422
    assert "已被使用" in taken.text
    changed = post(client, "/account", {"name": "李工", "email": "new@example.com"})
    assert changed.status_code == 303
    assert "邮箱还没有确认" in client.get("/account").text
    told = {letter.partition("\n")[0] for letter in letters(settings, database)}
    assert told == {"old@example.com", "new@example.com"}
