"""Signing in: the lock, the same answer for everybody, fresh tokens, where it leads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from jiebang.accounts.demo import DEMO_PASSWORD
from jiebang.accounts.models import SignInLock, User, UserSession
from jiebang.config import Settings
from jiebang.core import clock
from jiebang.db import Database
from tests.accounts.conftest import Trail
from tests.conftest import PASSWORD, MakeUser, make_app, post, sign_in

WRONG = {"password": "not the password"}


def test_people_sign_in_by_mail_and_by_telephone(app: Flask, make_user: MakeUser) -> None:
    make_user(email="li@example.com", phone="13800138000")
    for name in ("LI@example.com ", "+86 138-0013-8000", "１３８００１３８０００"):
        client = app.test_client()
        answer = post(client, "/sign-in", {"identifier": name, "password": PASSWORD})
        assert answer.status_code == 303
        assert client.get("/account").status_code == 200


def test_an_unknown_name_gets_the_same_answer(app: Flask, make_user: MakeUser) -> None:
    user = make_user(email="known@example.com")
    make_user(email="stays@example.com")
    pages = []
    for name in (user.email, "nobody@example.com"):
        client = app.test_client()
        answer = post(client, "/sign-in", {"identifier": name, **WRONG})
        pages.append((answer.status_code, answer.text.replace(str(name), "NAME")))
    (known, page), (unknown, other) = pages
    assert known == unknown == 422
    assert _without_tokens(page) == _without_tokens(other)
    assert "not the password" not in page


def _without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrf_token" not in line and "nonce" not in line]


@pytest.mark.parametrize("exists", [True, False])
def test_five_failures_lock_a_name_in_every_process(
    settings: Settings, database: Database, make_user: MakeUser, trail: Trail, exists: bool
) -> None:
    make_user(email="other@example.com")
    if exists:
        make_user(email="li@example.com")
    clients = [make_app(settings, database).test_client() for _ in range(2)]
    for number in range(5):
        answer = post(clients[number % 2], "/sign-in", {"identifier": "li@example.com", **WRONG})
        assert answer.status_code == 422
    right = {"identifier": "li@example.com", "password": PASSWORD}
    for client in clients:
        answer = post(client, "/sign-in", right)
        assert answer.status_code == 429
        assert "分钟后再试" in answer.text
    assert trail.actions().count("account.sign_in_failed") == 5
    assert trail.actions().count("account.locked") == 1
    _wait(database, timedelta(minutes=16))
    assert post(clients[0], "/sign-in", right).status_code == (303 if exists else 422)


def _wait(database: Database, time: timedelta) -> None:
    with database.transaction() as session:
        for row in session.scalars(select(SignInLock)):
            row.last_at -= time
            row.locked_until = row.locked_until and row.locked_until - time


def test_guesses_at_the_same_moment_cannot_outrun_the_lock(
    settings: Settings, database: Database, make_user: MakeUser
) -> None:
    make_user(email="li@example.com")
    apps = [make_app(settings, database) for _ in range(2)]

    def guess(number: int) -> int:
        client = apps[number % 2].test_client()
        return post(client, "/sign-in", {"identifier": "li@example.com", **WRONG}).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(12)))
    assert sorted(answers) == [422] * 5 + [429] * 7


def test_twenty_failures_lock_an_address_but_nobody_elses_name(
    app: Flask, make_user: MakeUser
) -> None:
    user = make_user()
    client = app.test_client()
    for number in range(20):
        name = f"nobody{number}@example.com"
        assert post(client, "/sign-in", {"identifier": name, **WRONG}).status_code == 422
    for _ in range(6):
        refused = post(client, "/sign-in", {"identifier": user.email, **WRONG})
        assert refused.status_code == 429
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    right = {"identifier": user.email, "password": PASSWORD}
    answer = post(app.test_client(), "/sign-in", right, environ_base=elsewhere)
    assert answer.status_code == 303


def test_a_right_password_forgets_the_failures(app: Flask, make_user: MakeUser) -> None:
    user = make_user()
    for _ in range(3):
        client = app.test_client()
        for _ in range(4):
            post(client, "/sign-in", {"identifier": user.email, **WRONG})
        sign_in(client, user)


def test_signing_in_changes_the_token_and_keeps_a_visitors_draft(
    client: FlaskClient, database: Database, make_user: MakeUser, trail: Trail
) -> None:
    user = make_user()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "planted"
        cookie["planted"] = "by somebody else"
        cookie["pending_draft"] = "draft"
        cookie["csrf_token"] = before = "f" * 32
    sign_in(client, user)
    with client.session_transaction() as cookie:
        first = cookie["_user_id"]
        assert first != "planted"
        assert "planted" not in cookie
        assert cookie["pending_draft"] == "draft"
        assert cookie.get("csrf_token") != before
    with database.reading() as session:
        stored = session.scalars(select(UserSession.token_hash)).all()
    assert first not in stored
    post(client, "/sign-out")
    sign_in(client, user)
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != first
    assert trail.actions()[1:] == ["account.signed_in", "account.signed_out", "account.signed_in"]


def test_signing_out_ends_the_session_for_a_copied_cookie_too(
    app: Flask, client: FlaskClient, make_user: MakeUser
) -> None:
    sign_in(client, make_user())
    with client.session_transaction() as cookie:
        copied = dict(cookie)
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie.update(copied)
    assert thief.get("/account").status_code == 200
    post(client, "/sign-out")
    assert thief.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("column", "ago"),
    [
        ("last_seen_at", timedelta(hours=12, minutes=1)),
        ("expires_at", timedelta(days=7, minutes=1)),
    ],
)
def test_sessions_end_when_idle_or_old(
    client: FlaskClient, database: Database, make_user: MakeUser, column: str, ago: timedelta
) -> None:
    sign_in(client, make_user())
    with database.transaction() as session:
        row = session.scalars(select(UserSession)).one()
        setattr(row, column, getattr(row, column) - ago)
    assert client.get("/account").status_code == 303


def test_use_keeps_a_session_alive(
    client: FlaskClient, database: Database, make_user: MakeUser
) -> None:
    sign_in(client, make_user())
    earlier = clock.now() - timedelta(hours=11)
    with database.transaction() as session:
        session.execute(update(UserSession).values(last_seen_at=earlier))
    assert client.get("/account").status_code == 200
    with database.reading() as session:
        seen = session.scalars(select(UserSession.last_seen_at)).one()
    assert clock.now() - seen < timedelta(minutes=1)


def test_a_stopped_account_is_out_at_once(
    client: FlaskClient, database: Database, make_user: MakeUser
) -> None:
    user = make_user()
    sign_in(client, user)
    with database.transaction() as session:
        session.execute(update(User).values(active=False))
    assert client.get("/account").status_code == 303
    answer = post(client, "/sign-in", {"identifier": user.email, "password": PASSWORD})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/account/password?from=menu", "/account/password?from=menu"),
        ("//evil.example", None),
        ("/\\evil.example", None),
        ("https://evil.example/", None),
        ("javascript:alert(1)", None),
        ("/\t/evil.example", None),
        ("evil", None),
    ],
)
def test_signing_in_leads_back_to_pages_of_this_site_alone(
    client: FlaskClient, make_user: MakeUser, wanted: str, led_to: str | None
) -> None:
    user = make_user()
    with client.session_transaction() as cookie:
        cookie["next"] = wanted
    answer = sign_in(client, user)
    with client.application.test_request_context():
        from flask import url_for

        home = url_for("boards.todo")
    assert answer.location == (led_to or home)
    with client.session_transaction() as cookie:
        assert "next" not in cookie


def test_a_page_that_asks_to_sign_in_is_where_it_leads(
    client: FlaskClient, make_user: MakeUser
) -> None:
    assert client.get("/account/password").status_code == 303
    assert sign_in(client, make_user()).location == "/account/password"


def test_demonstration_accounts_exist_in_demonstrations_alone(
    settings: Settings, database: Database, make_user: MakeUser
) -> None:
    user = make_user("演示人", demo=True, password=DEMO_PASSWORD)
    show = make_app(settings, database, demo=True).test_client()
    assert "演示人" in show.get("/sign-in").text
    assert post(show, "/sign-in/demo", {"user_id": user.id}).status_code == 303
    assert show.get("/account").status_code == 200
    post(show, "/account/password", {"current": DEMO_PASSWORD, "password": "a longer new phrase"})
    post(show, "/account", {"name": "别人", "email": "mine@example.com"})
    sign_in(show.application.test_client(), user, DEMO_PASSWORD)

    real = make_app(settings, database, demo=False).test_client()
    assert "演示人" not in real.get("/sign-in").text
    assert post(real, "/sign-in/demo", {"user_id": user.id}).status_code == 404
    answer = post(real, "/sign-in", {"identifier": user.email, "password": DEMO_PASSWORD})
    assert answer.status_code == 422
    with show.session_transaction() as cookie:
        copied = dict(cookie)
    with real.session_transaction() as cookie:
        cookie.update(copied)
    assert real.get("/account").status_code == 303


def test_a_real_account_cannot_be_entered_by_the_demonstrations_door(
    settings: Settings, database: Database, make_user: MakeUser
) -> None:
    user = make_user()
    show = make_app(settings, database, demo=True).test_client()
    assert post(show, "/sign-in/demo", {"user_id": user.id}).status_code == 404
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(UserSession)) == 0
