"""A small world to test in: people, organisations, and listings of all six boards.

Everything a test says about listings goes through the services; people and their browsers are
written directly, because passwords and sign-in pages have tests of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from jiebang import config, wiring
from jiebang.accounts.models import User, UserRole, UserSession
from jiebang.app import create_app
from jiebang.boards import services
from jiebang.boards.documents import detail_loads
from jiebang.boards.models import Listing
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.money import MoneyRange
from jiebang.core.permissions import SYSTEM, Actor, Line, OrganisationRole, Role
from jiebang.core.tokens import new_token, token_hash
from jiebang.db import Database
from jiebang.discovery.engine import Discovery
from jiebang.orgs import queries as orgs
from jiebang.orgs.credit_code import check_digit
from jiebang.orgs.models import Category, Membership, Organisation, OrganisationState
from tests.databases import fresh

ALL_LINES = tuple(Line)


def later(days: int = 60) -> Any:
    """A day in 北京时间 that has not come yet."""
    return clock.today() + timedelta(days=days)


def complete(board: Board, **changes: Any) -> dict[str, Any]:
    """Values with which a listing of this board may be submitted."""
    common = {
        "title": f"{board.label}：铝合金薄壁壳体焊接变形控制",
        "summary": "面向新能源汽车电池托盘，控制焊接后的平面度与残余应力。",
        "industry": "equipment",
        "chain": "新能源汽车",
        "region": "济南市历下区",
        "disclosure": "public",
        "deadline": later(),
    }
    own: dict[Board, dict[str, Any]] = {
        Board.NEED: {
            "need_kind": "research",
            "track": "market",
            "present_state": "目前采用氩弧焊，焊后平面度超过三毫米。",
            "problem": "希望把焊接变形控制在一毫米以内，节拍不超过两分钟。",
            "indicators": [{"name": "平面度", "comparator": "≤", "value": "1", "unit": "mm"}],
            "trl": 6,
            "modes": ["技术开发", "技术许可"],
            "money": MoneyRange(8_000_000, 12_000_000),
        },
        Board.OUTCOME: {
            "application": "薄壁铝合金焊接。",
            "details": "激光与电弧复合焊接工艺包。",
            "principle": "同轴保护气的流场设计。",
            "indicators": [{"name": "平面度", "comparator": "≤", "value": "0.8", "unit": "mm"}],
            "ip_rights": [{"number": "ZL202310000001.1", "right_kind": "invention"}],
            "trl": 7,
            "modes": ["技术转让"],
            "money": MoneyRange(5_000_000, 9_000_000),
        },
        Board.DEMAND: {
            "category": "焊接设备",
            "line_items": [{"name": "激光焊接头", "quantity": 20, "unit": "台"}],
            "method": "inquiry",
            "ceiling": 30_000_000,
        },
        Board.PRODUCT: {
            "specification": "六千瓦光纤激光焊接头。",
            "capacity": 50,
            "capacity_unit": "台",
            "lead_days": 30,
            "certificates": [{"name": "ISO 9001", "number": "QA-1"}],
            "money": MoneyRange(120_000, 180_000),
        },
        Board.ORDER: {
            "posts": [{"name": "焊接技工", "headcount": 20, "skills": "机器人焊接编程"}],
            "skills": "看懂焊接工艺卡。",
            "level": "college",
            "modes": ["订单班"],
            "money": MoneyRange(600_000, 900_000),
        },
        Board.PROGRAMME: {
            "major": "智能焊接技术",
            "level": "college",
            "places": 80,
            "skills": "机器人焊接与无损检测。",
            "modes": ["订单班", "岗位实习"],
        },
    }
    known = {**common, **own[board], **changes}
    return {name: value for name, value in known.items() if value is not ...}


@dataclass
class World:
    """One database with the application on it."""

    settings: config.Settings
    database: Database
    app: Flask
    _made: int = field(default=0)

    @property
    def discovery(self) -> Discovery:
        """The application's own index."""
        found: Discovery = self.app.extensions["jiebang"].discovery
        return found

    def another(self) -> Discovery:
        """The index of another process on the same database."""
        return wiring.discovery(self.settings, self.database)

    def next(self) -> int:
        self._made += 1
        return self._made

    # People

    def user(self, *roles: Role, name: str = "", email: str = "", confirmed: bool = True) -> int:
        number, moment = self.next(), clock.now()
        with self.database.transaction() as session:
            user = User(
                email=email or f"p{number}@example.com",
                display_name=name or f"人员{number}",
                password_hash="x",
                password_changed_at=moment,
                email_confirmed_at=moment if confirmed else None,
                created_at=moment,
                roles=[UserRole(role=role) for role in roles],
            )
            session.add(user)
            session.flush()
            return user.id

    def organisation(
        self,
        *administrators: int,
        name: str = "",
        category: Category = Category.ENTERPRISE,
        verified: bool = True,
        **columns: Any,
    ) -> int:
        number, moment = self.next(), clock.now()
        code = f"91370100MA{number:07d}"
        with self.database.transaction() as session:
            found = Organisation(
                name=name or f"样例单位{number}有限公司",
                category=category,
                credit_code=code + check_digit(code),
                state=OrganisationState.VERIFIED if verified else OrganisationState.UNVERIFIED,
                verified_at=moment if verified else None,
                created_at=moment,
                **columns,
            )
            session.add(found)
            session.flush()
            identity = found.id
        for user_id in administrators:
            self.member(identity, user_id)
        return identity

    def member(
        self,
        organisation_id: int,
        user_id: int,
        role: OrganisationRole = OrganisationRole.ADMINISTRATOR,
        scopes: tuple[Line, ...] = ALL_LINES,
    ) -> int:
        with self.database.transaction() as session:
            found = Membership(
                organisation_id=organisation_id,
                user_id=user_id,
                role=role,
                scopes=[line.value for line in scopes],
                created_at=clock.now(),
            )
            session.add(found)
            session.flush()
            return found.id

    def actor(self, user_id: int) -> Actor:
        """The person as services know them, acting for their first organisation."""
        with self.database.reading() as session:
            user = session.get_one(User, user_id)
            seats = orgs.seats_of(session, user_id)
            return Actor(
                user_id=user_id,
                label=user.display_name,
                roles=frozenset(row.role for row in user.roles),
                seats=seats,
                seat=seats[0] if seats else None,
            )

    def owner(self, **columns: Any) -> Actor:
        """An administrator of a new verified organisation."""
        user_id = self.user()
        self.organisation(user_id, **columns)
        return self.actor(user_id)

    def operator(self) -> Actor:
        return self.actor(self.user(Role.OPERATOR))

    def browser(self, who: Actor | int | None) -> FlaskClient:
        """A browser that this person is signed in with; None: a visitor's."""
        client = self.app.test_client()
        user_id = who.user_id if isinstance(who, Actor) else who
        if user_id is None:
            return client
        token, moment = new_token(), clock.now()
        with self.database.transaction() as session:
            session.add(
                UserSession(
                    token_hash=token_hash(token),
                    user_id=user_id,
                    created_at=moment,
                    last_seen_at=moment,
                    expires_at=moment + timedelta(days=1),
                )
            )
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True
        return client

    # Listings

    def draft(self, who: Actor, board: Board = Board.NEED, **values: Any) -> str:
        """A complete draft; `title=...` leaves a value out. Returns its number."""
        with self.database.transaction() as session:
            return services.create(session, who, board, complete(board, **values)).code

    def advance(self, code: str, name: str, who: Actor, reason: str = "") -> None:
        with self.database.transaction() as session:
            services.advance(session, who, self.discovery, self._load(session, code), name, reason)

    def submitted(self, who: Actor, board: Board = Board.NEED, **values: Any) -> str:
        code = self.draft(who, board, **values)
        self.advance(code, "submit", who)
        return code

    def published(self, who: Actor, board: Board = Board.NEED, **values: Any) -> str:
        code = self.submitted(who, board, **values)
        self.advance(code, "approve", SYSTEM)
        return code

    def change(self, code: str, who: Actor, values: Mapping[str, Any]) -> list[str]:
        with self.database.transaction() as session:
            listing = self._load(session, code)
            changed = services.change(session, who, listing, values)
            services.save_and_reindex(session, self.discovery, listing)
            return changed

    def listing(self, code: str) -> Listing:
        """The row as it is now."""
        with self.database.reading() as session:
            return self._load(session, code)

    @staticmethod
    def _load(session: Any, code: str) -> Listing:
        query = select(Listing).where(Listing.code == code).options(*detail_loads())
        found: Listing = session.scalars(query).one()
        return found


@contextmanager
def world_on(backend: str, folder: Path, **changes: Any) -> Iterator[World]:
    """A world of its own on a new database: "sqlite" or "postgres"."""
    with fresh(backend, folder) as url:
        environ = {
            "JIEBANG_HOME": str(folder / "home"),
            "JIEBANG_DATABASE_URL": url,
            "JIEBANG_WORKER": "0",
            "JIEBANG_UPLOAD_LIMIT_MB": "1",
            "JIEBANG_SEARCH_PER_MINUTE": "100000",
        }
        settings = replace(config.load(environ), **changes)
        database = Database(url)
        if database.is_sqlite:  # nobody pulls this machine's plug; waiting for disks is slow

            @event.listens_for(database.engine, "connect")
            def _hurry(connection: Any, _record: object) -> None:
                connection.execute("PRAGMA synchronous=OFF")

        try:
            app = create_app(settings, database)
            app.testing = True
            yield World(settings, database, app)
        finally:
            database.dispose()
