"""An application on SQLite, people, organisations, and browsers that are signed in."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jiebang import config, schema
from jiebang.accounts.models import User, UserRole, UserSession
from jiebang.app import create_app
from jiebang.core import clock
from jiebang.core.permissions import SYSTEM, Line, OrganisationRole, Role
from jiebang.core.tokens import new_token, token_hash
from jiebang.db import Database
from jiebang.orgs import credit_code, services
from jiebang.orgs.models import Category, Organisation, OrganisationState

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def code(number: int = 1) -> str:
    """A valid credit code; another one for another number."""
    first = f"91370100MA{number:07d}"
    return first + credit_code.check_digit(first)


def pdf(name: str = "执照.pdf") -> tuple[io.BytesIO, str]:
    """A file field of the test client."""
    return io.BytesIO(PDF), name


@dataclass
class World:
    """What a test needs: everything is made through the services."""

    app: Flask
    database: Database
    settings: config.Settings
    made: int = field(default=0)

    def user(self, email: str = "", *, phone: str | None = None, role: Role | None = None,
             confirmed: bool = True) -> int:  # fmt: skip
        self.made += 1
        with self.database.transaction() as session:
            user = User(
                email=None if phone else (email or f"u{self.made}@example.com"),
                phone=phone,
                display_name=f"用户{self.made}",
                password_hash="x",
                password_changed_at=clock.now(),
                email_confirmed_at=clock.now() if confirmed and not phone else None,
                created_at=clock.now(),
                roles=[UserRole(role=role)] if role else [],
            )
            session.add(user)
            session.flush()
            return user.id

    def organisation(self, owner: int | None, name: str = "", *, verified: bool = False) -> int:
        self.made += 1
        name = name or f"示例单位{self.made}"
        with self.database.transaction() as session:
            if owner is None:
                return services.unclaimed(session, SYSTEM, name).id
            found = services.create_organisation(
                session, SYSTEM, services.Profile(name, Category.ENTERPRISE), owner_user_id=owner
            )
            if verified:
                found.credit_code = code(found.id)
                services.vouch(session, SYSTEM, found.id)
            return found.id

    def member(self, organisation_id: int, user_id: int,
               role: OrganisationRole = OrganisationRole.AGENT) -> int:  # fmt: skip
        with self.database.transaction() as session:
            found = session.get_one(Organisation, organisation_id)
            return services.add_member(session, SYSTEM, found, user_id, role, [Line.TECHNOLOGY]).id

    def browser(self, user_id: int | None) -> FlaskClient:
        client = self.app.test_client()
        if user_id is None:
            return client
        token = new_token()
        with self.database.transaction() as session:
            session.add(
                UserSession(
                    token_hash=token_hash(token),
                    user_id=user_id,
                    created_at=clock.now(),
                    last_seen_at=clock.now(),
                    expires_at=clock.now() + timedelta(days=1),
                )
            )
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True
        return client

    def state(self, organisation_id: int) -> OrganisationState:
        with self.database.reading() as session:
            return session.get_one(Organisation, organisation_id).state


@pytest.fixture(scope="session")
def schema_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with all tables, made once and copied for each test."""
    path = tmp_path_factory.mktemp("schema") / "jiebang.db"
    database = Database(f"sqlite:///{path}")
    schema.create(database)
    database.dispose()
    return path


@pytest.fixture
def world(tmp_path: Path, schema_file: Path) -> Iterator[World]:
    (tmp_path / "jiebang.db").write_bytes(schema_file.read_bytes())
    settings = config.load(
        {"JIEBANG_HOME": str(tmp_path), "JIEBANG_WORKER": "0", "JIEBANG_UPLOAD_LIMIT_MB": "1"}
    )
    database = Database(settings.database_url)
    app = create_app(settings, database)
    app.config["WTF_CSRF_ENABLED"] = False
    yield World(app, database, settings)
    database.dispose()


@pytest.fixture
def submit(world: World) -> Callable[..., int]:
    """Hands a verification request in through the page; returns its id."""

    def hand_in(client: FlaskClient, number: int = 1) -> int:
        answer = client.post(
            "/organisations/mine/verification",
            data={
                "credit_code": code(number),
                "licence": pdf(),
                "authorisation": pdf("授权书.pdf"),
            },
        )
        assert answer.status_code == 303, answer.text
        with world.database.reading() as session:
            from sqlalchemy import func, select

            from jiebang.orgs.models import VerificationRequest

            return session.scalar(select(func.max(VerificationRequest.id))) or 0

    return hand_in
