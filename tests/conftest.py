"""The application on a fresh database, and people and organisations to use it.

`database` is SQLite here; folders that import the fixtures of `tests.databases` run on both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from jiebang import config
from jiebang.accounts import passwords
from jiebang.accounts import services as accounts
from jiebang.accounts.models import User
from jiebang.app import create_app
from jiebang.core import clock
from jiebang.core.permissions import SYSTEM, OrganisationRole, Role
from jiebang.db import Database
from jiebang.orgs.credit_code import check_digit
from jiebang.orgs.models import Category, Membership, Organisation, OrganisationState
from tests.databases import fresh

PASSWORD = "correct horse battery"
MakeUser = Callable[..., User]
MakeOrganisation = Callable[..., Organisation]
_numbers = count(1)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """argon2 with the least work it accepts."""
    passwords.use(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database with all tables and no rows."""
    with fresh("sqlite", tmp_path) as url:
        found = Database(url)
        yield found
        found.dispose()


@pytest.fixture
def settings(tmp_path: Path, database: Database) -> config.Settings:
    """Defaults, with everything under the test's own folder."""
    url = database.url.render_as_string(hide_password=False)
    environ = {"JIEBANG_HOME": str(tmp_path / "home"), "JIEBANG_DATABASE_URL": url}
    return config.load(environ)


@pytest.fixture
def app(settings: config.Settings, database: Database) -> Flask:
    """The whole application."""
    return make_app(settings, database)


def make_app(settings: config.Settings, database: Database, **changes: Any) -> Flask:
    """Another process of the application, with settings of its own where asked for."""
    found = create_app(replace(settings, **changes), database)
    found.testing = True
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that nobody is signed in with."""
    return app.test_client()


def post(
    client: FlaskClient, url: str, data: Mapping[str, Any] | None = None, **options: Any
) -> TestResponse:
    """Sends a form as its page would: with the security token of this browser's session."""
    with client.session_transaction() as cookie:
        raw = cookie.setdefault("csrf_token", "0123456789abcdef" * 2)
    key = client.application.config["SECRET_KEY"]
    token = URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(raw)
    # read to its end, as a server would: an answer may be a file, which is closed by that
    options = {"buffered": True, **options}
    return client.post(url, data={**(data or {}), "csrf_token": token}, **options)


def sign_in(client: FlaskClient, user: User, password: str = PASSWORD) -> TestResponse:
    """Signs a person in by the page everybody uses."""
    name = user.email or user.phone
    response = post(client, "/sign-in", {"identifier": name, "password": password})
    assert response.status_code == 303, response.text
    return response


@pytest.fixture
def make_user(database: Database) -> MakeUser:
    """make_user(name=…, email=…, phone=…, roles=(…), demo=False, password=PASSWORD) -> User."""

    def make(
        name: str = "",
        *,
        email: str | None = None,
        phone: str | None = None,
        roles: tuple[Role, ...] = (),
        **options: Any,
    ) -> User:
        number = next(_numbers)
        if email is None and phone is None:
            email = f"person{number}@example.com"
        with database.transaction() as session:
            return accounts.create_user(
                session,
                SYSTEM,
                name=name or f"测试人员{number}",
                email=email,
                phone=phone,
                roles=roles,
                **{"password": PASSWORD, **options},
            )

    return make


@pytest.fixture
def make_organisation(database: Database) -> MakeOrganisation:
    """make_organisation(*administrators, name=…, category=…, agents=(…), verified=True)."""

    def make(
        *administrators: User,
        name: str = "",
        category: Category = Category.ENTERPRISE,
        verified: bool = True,
        agents: tuple[User, ...] = (),
        scopes: tuple[str, ...] = ("technology", "procurement", "talent"),
        **columns: Any,
    ) -> Organisation:
        number = next(_numbers)
        code = f"91440101MA{number:07d}"
        moment = clock.now()
        found = Organisation(
            name=name or f"测试单位{number}有限公司",
            category=category,
            credit_code=code + check_digit(code),
            state=OrganisationState.VERIFIED if verified else OrganisationState.UNVERIFIED,
            verified_at=moment if verified else None,
            created_at=moment,
            **columns,
        )
        people = [(user, OrganisationRole.ADMINISTRATOR, ()) for user in administrators]
        people += [(user, OrganisationRole.AGENT, scopes) for user in agents]  # type: ignore[misc]
        with database.transaction() as session:
            session.add(found)
            session.flush()
            for user, role, lines in people:
                session.add(
                    Membership(
                        organisation_id=found.id,
                        user_id=user.id,
                        role=role,
                        scopes=list(lines),
                        created_at=moment,
                    )
                )
        return found

    return make
