"""Who serves whom, and introductions by who asks: "not yours" is not there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User, UserRole
from jiebang.boards.models import Disclosure, Listing
from jiebang.boards.threads.models import Thread
from jiebang.core import clock
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor, Permission, Role
from jiebang.orgs.models import Membership, Organisation, name_key

from .models import Assignment, Introduction, LedgerEntry, SpecialistRule
from .workflow import LIVE

SHOWN = 100


def rule(session: Session) -> SpecialistRule:
    """The newest rule that is valid already."""
    return session.scalars(
        select(SpecialistRule)
        .where(SpecialistRule.valid_from <= clock.today())
        .order_by(SpecialistRule.number.desc())
        .limit(1)
    ).one()


def _active() -> ColumnElement[bool]:
    """A person who can serve at the moment: active, and still with the role."""
    return and_(
        User.active,
        select(UserRole.user_id)
        .where(UserRole.user_id == User.id, UserRole.role == Role.SPECIALIST)
        .exists(),
    )


@dataclass(frozen=True, slots=True)
class Load:
    """A specialist and how many organisations they serve."""

    user: User
    serves: int


def specialists(session: Session) -> list[Load]:
    """Everybody who can serve, those with the least to do first."""
    running = (
        select(func.count())
        .select_from(Assignment)
        .where(Assignment.specialist_id == User.id, Assignment.ended_at.is_(None))
        .correlate(User)
        .scalar_subquery()
    )
    rows = session.execute(select(User, running).where(_active()).order_by(running, User.id))
    return [Load(user, number) for user, number in rows]


def specialist(session: Session, user_id: int, *, lock: bool = False) -> User:
    """One of them; NotFound for anybody else. Locked, nobody else can be assigned to them."""
    query = select(User).where(User.id == user_id, _active())
    found = session.scalars(query.with_for_update(of=User) if lock else query).first()
    if found is None:
        raise NotFound("没有找到这位服务专员，其账号可能已停用或收回了角色。")
    return found


def load(session: Session, user_id: int) -> int:
    """How many organisations a person serves."""
    query = select(func.count()).select_from(Assignment)
    running = (Assignment.specialist_id == user_id, Assignment.ended_at.is_(None))
    return session.scalar(query.where(*running)) or 0


def running(session: Session, organisation_id: int) -> Assignment | None:
    """The assignment that runs, whether or not its specialist can still serve."""
    return session.scalars(
        select(Assignment).where(
            Assignment.organisation_id == organisation_id, Assignment.ended_at.is_(None)
        )
    ).first()


def specialist_of(session: Session, organisation_id: int) -> User | None:
    """Who serves an organisation now."""
    return session.scalars(
        select(User)
        .join(Assignment, Assignment.specialist_id == User.id)
        .where(
            Assignment.organisation_id == organisation_id, Assignment.ended_at.is_(None), _active()
        )
    ).first()


def specialists_of(session: Session, organisation_id: int) -> list[int]:
    """The same as ids, for whoever has to tell them."""
    found = specialist_of(session, organisation_id)
    return [found.id] if found is not None else []


def is_member(session: Session, user_id: int, organisation_ids: Collection[int]) -> bool:
    """Whether a person belongs to one of these organisations."""
    query = select(Membership.id).where(
        Membership.user_id == user_id, Membership.organisation_id.in_(organisation_ids)
    )
    return session.scalars(query.limit(1)).first() is not None


def _serves(actor: Actor) -> ColumnElement[bool]:
    """For a query over organisations: those that the actor serves."""
    if actor.user_id is None or not actor.can(Permission.INTRODUCE):
        return false()
    return (
        select(Assignment.id)
        .where(
            Assignment.organisation_id == Organisation.id,
            Assignment.specialist_id == actor.user_id,
            Assignment.ended_at.is_(None),
        )
        .exists()
    )


def served(session: Session, actor: Actor) -> Sequence[Organisation]:
    """The organisations that the actor serves."""
    return session.scalars(
        select(Organisation).where(_serves(actor)).order_by(Organisation.name)
    ).all()


def served_one(session: Session, actor: Actor, organisation_id: int) -> Organisation:
    """One of them; NotFound for any other organisation."""
    found = session.scalars(
        select(Organisation).where(Organisation.id == organisation_id, _serves(actor))
    ).first()
    if found is None:
        raise NotFound("没有找到这家单位，或它不由您服务。")
    return found


def overseen_one(session: Session, actor: Actor, organisation_id: int) -> Organisation:
    """An organisation that the actor serves, or any for the operator."""
    if not actor.can(Permission.SPECIALISTS_ASSIGN):
        return served_one(session, actor, organisation_id)
    found = session.get(Organisation, organisation_id)
    if found is None:
        raise NotFound("没有找到这家单位。")
    return found


@dataclass(frozen=True, slots=True)
class Served:
    """An organisation with its specialist, for the operator's list."""

    organisation: Organisation
    specialist: User | None
    since: datetime | None
    able: bool
    """False: the person's account or role is gone, so somebody has to take over."""


def organisations(
    session: Session, text: str, *, unserved: bool, number: int, size: int
) -> tuple[list[Served], int]:
    """One page of the operator's list and how many rows there are; unserved ones first."""
    able = _active()
    rules: list[ColumnElement[bool]] = []
    if key := name_key(text):
        rules.append(Organisation.name_key.contains(key, autoescape=True))
    if unserved:
        rules.append(or_(Assignment.id.is_(None), ~able))
    query = (
        select(Organisation, User, Assignment.since, able)
        .outerjoin(
            Assignment,
            and_(Assignment.organisation_id == Organisation.id, Assignment.ended_at.is_(None)),
        )
        .outerjoin(User, User.id == Assignment.specialist_id)
        .where(*rules)
    )
    ids = query.with_only_columns(Organisation.id).subquery()
    total = session.scalar(select(func.count()).select_from(ids)) or 0
    rows = session.execute(
        query.order_by(Assignment.id.is_not(None), Organisation.name)
        .limit(size)
        .offset((number - 1) * size)
    )
    return [Served(found, user, since, bool(user) and ok) for found, user, since, ok in rows], total


def history(session: Session, organisation_id: int) -> list[tuple[Assignment, str]]:
    """Every specialist that an organisation has had, the present one first, with names."""
    rows = session.execute(
        select(Assignment, User.display_name)
        .join(User, User.id == Assignment.specialist_id)
        .where(Assignment.organisation_id == organisation_id)
        .order_by(Assignment.id.desc())
    )
    return [(found, name) for found, name in rows]


def ledger(session: Session, organisation_id: int) -> list[tuple[LedgerEntry, str | None]]:
    """An organisation's ledger, newest first, with who wrote each line."""
    rows = session.execute(
        select(LedgerEntry, User.display_name)
        .outerjoin(User, User.id == LedgerEntry.author_id)
        .where(LedgerEntry.organisation_id == organisation_id)
        .order_by(LedgerEntry.id.desc())
        .limit(SHOWN)
    )
    return [(found, name) for found, name in rows]


def _mine(actor: Actor) -> ColumnElement[bool]:
    rules: list[ColumnElement[bool]] = []
    if actor.organisation_id is not None:
        rules += [
            Introduction.issuer_id == actor.organisation_id,
            Introduction.organisation_id == actor.organisation_id,
        ]
    if actor.can(Permission.INTRODUCE):
        rules.append(Introduction.specialist_id == actor.user_id)
        rules.append(Introduction.served_id.in_(select(Organisation.id).where(_serves(actor))))
    if actor.can(Permission.SPECIALISTS_ASSIGN):
        rules.append(Introduction.id.is_not(None))
    return or_(false(), *rules)


def introduction(
    session: Session, introduction_id: int, actor: Actor, *, lock: bool = False
) -> Introduction:
    """For its two sides, its specialist, and the operator; NotFound for everybody else."""
    query = select(Introduction).where(Introduction.id == introduction_id, _mine(actor))
    if actor.user_id is None:
        raise NotFound
    found = session.scalars(query.with_for_update(of=Introduction) if lock else query).first()
    if found is None:
        raise NotFound
    return found


def live_between(session: Session, listing_id: int, organisation_id: int) -> Introduction | None:
    """The introduction that runs on a listing with one organisation."""
    return session.scalars(
        select(Introduction).where(
            Introduction.listing_id == listing_id,
            Introduction.organisation_id == organisation_id,
            Introduction.state.in_(LIVE),
        )
    ).first()


def of_organisation(session: Session, organisation_id: int) -> Sequence[Introduction]:
    """An organisation's introductions, those that moved last first."""
    return session.scalars(
        select(Introduction)
        .where(
            or_(
                Introduction.issuer_id == organisation_id,
                Introduction.organisation_id == organisation_id,
            )
        )
        .order_by(Introduction.changed_at.desc(), Introduction.id.desc())
        .limit(SHOWN)
    ).all()


def of_specialist(session: Session, actor: Actor) -> Sequence[Introduction]:
    """What runs and is the actor's work, by its day."""
    return session.scalars(
        select(Introduction)
        .where(Introduction.specialist_id == actor.user_id, Introduction.state.in_(LIVE))
        .order_by(Introduction.due, Introduction.id)
    ).all()


def unassigned(session: Session) -> Sequence[Introduction]:
    """What runs and is nobody's work: the operator's, by its day."""
    return session.scalars(
        select(Introduction)
        .where(Introduction.specialist_id.is_(None), Introduction.state.in_(LIVE))
        .order_by(Introduction.due, Introduction.id)
    ).all()


def moved_with(session: Session, organisation_id: int) -> Sequence[Introduction]:
    """What runs on an organisation's behalf: it goes to whoever serves it next."""
    return session.scalars(
        select(Introduction)
        .where(Introduction.served_id == organisation_id, Introduction.state.in_(LIVE))
        .order_by(Introduction.id)
        .with_for_update(of=Introduction)
    ).all()


def on_listing(session: Session, listing_id: int) -> Sequence[Introduction]:
    """What runs on a listing, either half of the pair."""
    return session.scalars(
        select(Introduction)
        .where(
            or_(Introduction.listing_id == listing_id, Introduction.own_listing_id == listing_id),
            Introduction.state.in_(LIVE),
        )
        .order_by(Introduction.id)
    ).all()


def handled(session: Session, listing_ids: Collection[int]) -> set[frozenset[int]]:
    """Pairs with one of these listings that were introduced or have talked: not proposed again."""
    found: set[frozenset[int]] = set()
    for model in (Introduction, Thread):
        rows = session.execute(
            select(model.listing_id, model.own_listing_id).where(
                model.own_listing_id.is_not(None),
                or_(model.listing_id.in_(listing_ids), model.own_listing_id.in_(listing_ids)),
            )
        )
        found |= {frozenset((here, there)) for here, there in rows if there is not None}
    return found


def served_listing(session: Session, actor: Actor, code: str) -> tuple[Listing, Organisation]:
    """A listing of an organisation that the actor serves, in any state; NotFound otherwise."""
    row = session.execute(
        select(Listing, Organisation)
        .join(Organisation, Organisation.id == Listing.organisation_id)
        .where(Listing.code == code, _serves(actor))
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


def names(
    session: Session, found: Collection[Introduction], viewer: Actor
) -> dict[int, tuple[str, str]]:
    """For each introduction the names of issuer and responder as this viewer may read them.

    The owner of an anonymous listing is named to its own people, to its specialist and to the
    operator; to the other side by the thread alone.
    """
    wanted = {each.issuer_id for each in found} | {each.organisation_id for each in found}
    known = {
        row.id: row.name
        for row in session.execute(
            select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted))
        )
    }
    serves = {each.id for each in served(session, viewer)}
    oversees = viewer.can(Permission.SPECIALISTS_ASSIGN)
    told = {}
    for each in found:
        issuer = known[each.issuer_id]
        if not (
            each.listing.disclosure is not Disclosure.ANONYMOUS
            or each.issuer_id in viewer.organisation_ids
            or each.issuer_id in serves
            or oversees
        ):
            issuer = f"匿名单位（{each.listing.code}）"
        told[each.id] = (issuer, known[each.organisation_id])
    return told
