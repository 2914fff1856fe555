"""Loads the demonstration data through the same services that people use. Idempotent."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from jiebang.accounts import services as accounts
from jiebang.accounts.demo import DEMO_PASSWORD
from jiebang.accounts.models import User
from jiebang.boards import services as boards
from jiebang.boards.documents import indexable
from jiebang.boards.fields import FIELDS
from jiebang.boards.fields.shared import INDUSTRIES
from jiebang.boards.fields.values import coerce
from jiebang.boards.models import Listing, ListingEvent
from jiebang.boards.services.life import suggest_many_later
from jiebang.boards.workflow import ListingState
from jiebang.core import audit, clock
from jiebang.core.boards import Board
from jiebang.core.permissions import SYSTEM, Actor, Line, OrganisationRole, Permission, Role
from jiebang.db import Database
from jiebang.discovery.engine import Discovery
from jiebang.orgs import services as orgs
from jiebang.orgs.models import Category, Cultivation, Organisation, OrganisationState, Size

from . import dealings, introducing, running, signing

DATA = Path(__file__).resolve().parent / "data"
ACTOR = Actor(user_id=None, label="演示数据", permissions=frozenset(Permission))
FILES = {
    Board.NEED: "needs.jsonl",
    Board.OUTCOME: "outcomes.jsonl",
    Board.DEMAND: "demands.jsonl",
    Board.PRODUCT: "products.jsonl",
    Board.ORDER: "orders.jsonl",
    Board.PROGRAMME: "programmes.jsonl",
}
STAFF = (
    ("operator@demo.jiebang", "运营 林秋", Role.OPERATOR),
    ("specialist@demo.jiebang", "服务专员 周敏", Role.SPECIALIST),
    ("expert@demo.jiebang", "专家 顾研究员", Role.EXPERT),
    ("auditor@demo.jiebang", "审计 郑言", Role.AUDITOR),
    ("security@demo.jiebang", "安全管理 何川", Role.SECURITY_ADMINISTRATOR),
)
"""Roles whose work is there to try; more follow with their pages."""


@dataclass(slots=True)
class Loaded:
    """What `load` found or made."""

    organisations: int = 0
    listings: int = 0
    published: int = 0
    accounts: list[tuple[str, str]] = field(default_factory=list)
    """Sign-in name and who it is."""
    password: str = DEMO_PASSWORD
    fresh: bool = False


def load(database: Database, discovery: Discovery) -> Loaded:
    """Fills an empty database with the demonstration; changes nothing where it was loaded before.

    Raises RuntimeError when the database holds real accounts and no demonstration: its accounts
    have a known password and must not come to stand beside them. Who registers in a demonstration
    stays: the next start finds everything as it was.
    """
    found = Loaded()
    with database.transaction() as session:
        demo, real = (
            session.scalar(select(func.count()).select_from(User).where(User.demo.is_(which)))
            for which in (True, False)
        )
        if real and not demo:
            raise RuntimeError(
                "数据库里已有真实账号，不能再放入演示数据；请换一个数据目录（JIEBANG_HOME）。"
            )
        if not session.scalar(select(func.count()).select_from(User)):
            found.fresh = True
            by_name = _organisations(session)
            _accounts(session, by_name)
            session.flush()
            for board, name in FILES.items():
                _listings(session, discovery, board, DATA / name, by_name)
            session.flush()
            dealings.load(session)
            introducing.load(session)
            signing.load(session)
            running.load(session)
        found.organisations = _count(session, Organisation.id)
        found.listings = _count(session, Listing.id)
        found.published = int(
            session.scalar(
                select(func.count())
                .select_from(Listing)
                .where(Listing.state == ListingState.PUBLISHED)
            )
            or 0
        )
        found.accounts = [
            (user.email or user.phone or "", user.display_name)
            for user in session.scalars(select(User).where(User.demo).order_by(User.id))
        ]
    return found


def _count(session: Session, column: Any) -> int:
    return int(session.scalar(select(func.count(column))) or 0)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _organisations(session: Session) -> dict[str, Organisation]:
    industries = {option.label: option.value for option in INDUSTRIES}
    moment = clock.now() - timedelta(days=120)
    found = {}
    for row in _rows(DATA / "organisations.jsonl"):
        organisation = Organisation(
            name=row["name"],
            category=Category(row["category"]),
            size=Size(row["size"]) if row.get("size") else None,
            cultivation=Cultivation(row["cultivation"]) if row.get("cultivation") else None,
            chain_leader=bool(row.get("chain_leader")),
            credit_code=row["credit_code"],
            region=row.get("region", ""),
            industry=industries.get(row.get("industry", ""), ""),
            chain=row.get("chain", ""),
            intro=row.get("intro", ""),
            staff=row.get("staff"),
            claimed=True,
            state=OrganisationState.VERIFIED,
            verified_at=moment,
            created_at=moment,
        )
        session.add(organisation)
        found[organisation.name] = organisation
    session.flush()
    for organisation in found.values():
        audit.record(
            session, ACTOR, "demo.organisation", "organisation", organisation.id,
            organisation_id=organisation.id,
        )  # fmt: skip
    return found


def _accounts(session: Session, by_name: dict[str, Organisation]) -> None:
    for email, name, staff_role in STAFF:
        accounts.create_user(
            session,
            SYSTEM,
            email=email,
            name=name,
            password=DEMO_PASSWORD,
            roles=(staff_role,),
            demo=True,
        )
    lines = {
        "need": Line.TECHNOLOGY,
        "outcome": Line.TECHNOLOGY,
        "demand": Line.PROCUREMENT,
        "product": Line.PROCUREMENT,
        "order": Line.TALENT,
        "programme": Line.TALENT,
    }
    busiest: dict[str, Organisation] = {}
    for kind in lines:  # a different organisation for each account
        busiest[kind] = _busiest(DATA / FILES[Board(kind)], by_name, set(busiest.values()))
    chief, agent = OrganisationRole.ADMINISTRATOR, OrganisationRole.AGENT
    members = (
        ("rd@demo.jiebang", "企业研发负责人 陈工", busiest["need"], chief, ()),
        ("professor@demo.jiebang", "高校教授 刘老师", busiest["outcome"], chief, ()),
        ("pi@demo.jiebang", "课题组 郑老师", busiest["outcome"], agent, (Line.TECHNOLOGY,)),
        ("buyer@demo.jiebang", "链主采购经理 孙经理", busiest["demand"], chief, ()),
        ("supplier@demo.jiebang", "小企业负责人 赵总", busiest["product"], chief, ()),
        ("college@demo.jiebang", "校企合作处 周老师", busiest["programme"], chief, ()),
        ("hr@demo.jiebang", "企业人事经办人 吴经理", busiest["order"], agent, (Line.TALENT,)),
    )
    for email, name, organisation, role, scopes in members:
        user = accounts.create_user(
            session, SYSTEM, email=email, name=name, password=DEMO_PASSWORD, demo=True
        )
        session.flush()
        orgs.add_member(session, SYSTEM, organisation, user.id, role, frozenset(scopes))


def _busiest(
    path: Path, by_name: dict[str, Organisation], taken: Collection[Organisation]
) -> Organisation:
    """The organisation with most to see for its account: listings in several states, then many."""
    states: dict[str, list[str]] = {}
    for row in _rows(path):
        if by_name[row["org"]] not in taken:
            states.setdefault(row["org"], []).append(row.get("state", "published"))
    return by_name[
        max(sorted(states), key=lambda name: (len(set(states[name])), len(states[name])))
    ]


def _listings(
    session: Session,
    discovery: Discovery,
    board: Board,
    path: Path,
    by_name: dict[str, Organisation],
) -> None:
    ready = []
    for row in _rows(path):
        values = {"disclosure": "public"}
        for each in FIELDS[board.value]:
            if each.name in row:
                values[each.name] = coerce(each, row[each.name])
        owner = by_name[row["org"]]
        listing = boards.create(
            session, ACTOR, board, values, organisation_id=owner.id,
            import_key=f"demo:{row['external_id']}", external_id=row["external_id"],
        )  # fmt: skip
        _advance(session, listing, row)
        if listing.state is ListingState.PUBLISHED:
            ready.append(listing)
    session.flush()
    discovery.publish_many(session, [indexable(listing) for listing in ready])
    suggest_many_later(session, [listing.id for listing in ready])


def _advance(session: Session, listing: Listing, row: dict[str, Any]) -> None:
    """Takes the listing to the state of the data and dates its steps as if they had been lived."""
    state = row.get("state", "published")
    days = int(row.get("published_days_ago", 3))
    published = clock.now() - timedelta(days=days, hours=listing.id % 9, minutes=listing.id % 50)
    submitted = published - timedelta(days=1, hours=3)
    if state == "draft":
        return
    if state in ("submitted", "returned"):
        published = clock.now()
        submitted = clock.now() - timedelta(days=listing.id % 4, hours=2)
    boards.advance(session, ACTOR, None, listing, "submit", at=submitted)
    if state == "returned":
        boards.advance(session, ACTOR, None, listing, "return", row["return_reason"])
    elif state in ("published", "withdrawn"):
        boards.advance(session, ACTOR, None, listing, "approve", at=published)
        listing.confirmed_at = published
    if state == "withdrawn":
        boards.advance(session, ACTOR, None, listing, "withdraw", "项目计划调整", at=clock.now())
    _date(session, listing, submitted, published)


def _date(session: Session, listing: Listing, submitted: datetime, published: datetime) -> None:
    created = submitted - timedelta(days=2)
    listing.created_at = created
    listing.updated_at = max(submitted, min(published, clock.now()))
    session.flush()
    for name, at in (("create", created), ("submit", submitted), ("approve", published)):
        session.execute(
            update(ListingEvent)
            .where(ListingEvent.listing_id == listing.id, ListingEvent.name == name)
            .values(at=at)
        )
