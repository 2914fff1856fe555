"""Listings by who asks: tenancy is in the query, "not yours" looks like "not there"."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, String, and_, cast, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor, Permission
from jiebang.orgs.models import Organisation, OrganisationState

from .models import Disclosure, Listing, ListingEvent, ListingInvitation, ListingVersion
from .workflow import ListingState

OPEN_LEVELS = (Disclosure.PUBLIC, Disclosure.ANONYMOUS, Disclosure.AGREEMENT)
PAGE_SIZE = 20
REVIEWED = (
    ListingState.SUBMITTED,
    ListingState.DIAGNOSIS,
    ListingState.PUBLISHED,
    ListingState.SUSPENDED,
)
"""States in which a reviewer may open a listing."""


def visible_to(viewer: Actor) -> ColumnElement[bool]:
    """The rule of disclosure levels, without the state: who may know that a listing exists.

    Listings of a suspended organisation are its own people's business alone.
    """
    owner = aliased(Organisation)  # the query around it may have the organisation already
    suspended = (
        select(owner.id)
        .where(owner.id == Listing.organisation_id, owner.state == OrganisationState.SUSPENDED)
        .exists()
    )
    rules: list[ColumnElement[bool]] = [Listing.disclosure.in_(OPEN_LEVELS)]
    if viewer.user_id is not None:
        rules.append(Listing.disclosure == Disclosure.REGISTERED)
    if viewer.organisation_ids:
        rules.append(Listing.organisation_id.in_(viewer.organisation_ids))
        rules.append(
            select(ListingInvitation.listing_id)
            .where(
                ListingInvitation.listing_id == Listing.id,
                ListingInvitation.organisation_id.in_(viewer.organisation_ids),
            )
            .exists()
        )
    return or_(_owned(viewer), and_(~suspended, or_(*rules)))


def _owned(viewer: Actor) -> ColumnElement[bool]:
    if not viewer.organisation_ids:
        return false()
    return Listing.organisation_id.in_(viewer.organisation_ids)


def readable(session: Session, code: str, viewer: Actor) -> tuple[Listing, Organisation | None]:
    """A listing that the viewer may open: published and visible, one's own, or under review by
    an operator. NotFound otherwise."""
    rules = [
        and_(Listing.state == ListingState.PUBLISHED, visible_to(viewer)),
        _owned(viewer),
    ]
    if viewer.can(Permission.LISTING_REVIEW):
        rules.append(Listing.state.in_(REVIEWED))
    row = session.execute(
        select(Listing, Organisation)
        .outerjoin(Organisation, Organisation.id == Listing.organisation_id)
        .where(Listing.code == code, or_(*rules))
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


def owned(session: Session, code: str, actor: Actor, *, lock: bool = False) -> Listing:
    """A listing of the organisation acted for; NotFound for anybody else's."""
    query = select(Listing).where(
        Listing.code == code, Listing.organisation_id == actor.organisation_id
    )
    if actor.organisation_id is None:
        raise NotFound
    listing = session.scalars(query.with_for_update() if lock else query).first()
    if listing is None:
        raise NotFound
    return listing


def for_review(session: Session, code: str) -> Listing:
    """A listing as a reviewer handles it: from its submission until it ends."""
    listing = session.scalars(
        select(Listing)
        .where(
            Listing.code == code,
            Listing.state.in_(REVIEWED),
        )
        .with_for_update()
    ).first()
    if listing is None:
        raise NotFound("没有找到这条待审内容，它可能已被处理或被发布方取回。")
    return listing


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """What a list page was narrowed to; empty strings and None mean any."""

    board: Board
    text: str = ""
    industry: str = ""
    chain: str = ""
    region: str = ""
    mode: str = ""
    trl: int | None = None
    money: int | None = None
    """At most, in fen."""
    until: date | None = None
    """Deadline not before this day."""
    sort: str = "new"


SORTS = {"new": "最新发布", "deadline": "截止在即", "money": "金额从高到低"}


def clause(where: BoardFilter, viewer: Actor) -> ColumnElement[bool]:
    """The filter of a list page in SQL, visibility included."""
    rules = [
        Listing.board == where.board,
        Listing.state == ListingState.PUBLISHED,
        visible_to(viewer),
        or_(Listing.deadline.is_(None), Listing.deadline >= clock.today()),
    ]
    if where.industry:
        rules.append(Listing.industry == where.industry)
    if where.chain:
        rules.append(Listing.chain == where.chain)
    if where.region:
        rules.append(Listing.region.startswith(where.region, autoescape=True))
    if where.mode:
        # written as it is; rows of older versions have it as \\u4e2d
        written = (json.dumps(where.mode, ensure_ascii=plain) for plain in (False, True))
        kept = cast(Listing.modes, String)
        rules.append(or_(*(kept.contains(one, autoescape=True) for one in written)))
    if where.trl is not None:
        rules.append(Listing.trl >= where.trl)
    if where.money is not None:
        rules.append(func.coalesce(Listing.money_low, Listing.money_high) <= where.money)
    if where.until is not None:
        rules.append(Listing.deadline >= where.until)
    return and_(true(), *rules)


def page(
    session: Session, where: BoardFilter, viewer: Actor, number: int
) -> tuple[list[tuple[Listing, Organisation | None]], int]:
    """One page of a board and how many rows there are in all; three statements at most."""
    rule = clause(where, viewer)
    total = session.scalar(select(func.count()).select_from(Listing).where(rule)) or 0
    order = {
        "new": (Listing.published_at.desc(), Listing.id.desc()),
        "deadline": (Listing.deadline.is_(None), Listing.deadline, Listing.id),
        "money": (
            func.coalesce(Listing.money_high, Listing.money_low, -1).desc(),
            Listing.id.desc(),
        ),
    }[where.sort]
    rows = session.execute(
        select(Listing, Organisation)
        .outerjoin(Organisation, Organisation.id == Listing.organisation_id)
        .where(rule)
        .order_by(*order)
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    )
    return [(listing, organisation) for listing, organisation in rows], total


def of_organisation(
    session: Session, organisation_id: int, states: Collection[ListingState] | None = None
) -> Sequence[Listing]:
    """An organisation's listings, those that were changed last first."""
    query = select(Listing).where(Listing.organisation_id == organisation_id)
    if states is not None:
        query = query.where(Listing.state.in_(states))
    return session.scalars(query.order_by(Listing.updated_at.desc(), Listing.id.desc())).all()


def of_organisations(
    session: Session, organisation_ids: Collection[int], states: Collection[ListingState]
) -> Sequence[Listing]:
    """Listings of several organisations in these states, in the order they were made."""
    if not organisation_ids:
        return []
    return session.scalars(
        select(Listing)
        .where(Listing.organisation_id.in_(organisation_ids), Listing.state.in_(states))
        .order_by(Listing.id)
    ).all()


def public_of_organisation(
    session: Session, organisation_id: int, viewer: Actor
) -> Sequence[Listing]:
    """What the viewer may see of an organisation's listings. Anonymous ones are left out: on its
    owner's page they would be anonymous no longer."""
    own = organisation_id in viewer.organisation_ids
    query = select(Listing).where(
        Listing.organisation_id == organisation_id,
        Listing.state == ListingState.PUBLISHED,
        visible_to(viewer),
    )
    if not own:
        query = query.where(Listing.disclosure != Disclosure.ANONYMOUS)
    return session.scalars(query.order_by(Listing.published_at.desc())).all()


def submitted(session: Session) -> list[tuple[Listing, Organisation | None]]:
    """The review queue, oldest first."""
    rows = session.execute(
        select(Listing, Organisation)
        .outerjoin(Organisation, Organisation.id == Listing.organisation_id)
        .where(Listing.state == ListingState.SUBMITTED)
        .order_by(Listing.submitted_at, Listing.id)
    )
    return [(listing, organisation) for listing, organisation in rows]


def events(session: Session, listing_id: int) -> Sequence[ListingEvent]:
    """The steps of a listing's life in order."""
    return session.scalars(
        select(ListingEvent).where(ListingEvent.listing_id == listing_id).order_by(ListingEvent.id)
    ).all()


def versions(session: Session, listing_id: int) -> Sequence[ListingVersion]:
    """All kept versions, newest first; for the owner."""
    return session.scalars(
        select(ListingVersion)
        .where(ListingVersion.listing_id == listing_id)
        .order_by(ListingVersion.number.desc())
    ).all()


def chains_in_use(session: Session, board: Board) -> list[str]:
    """Names of chains on published listings of a board, for the filter."""
    return list(
        session.scalars(
            select(Listing.chain)
            .where(
                Listing.board == board,
                Listing.state == ListingState.PUBLISHED,
                Listing.chain != "",
                Listing.disclosure.in_(OPEN_LEVELS),
            )
            .distinct()
            .order_by(Listing.chain)
        )
    )


def invitations(session: Session, listing_id: int) -> Sequence[Organisation]:
    """Organisations invited to a listing."""
    return session.scalars(
        select(Organisation)
        .join(ListingInvitation, ListingInvitation.organisation_id == Organisation.id)
        .where(ListingInvitation.listing_id == listing_id)
        .order_by(Organisation.name)
    ).all()


def waiting(session: Session) -> int:
    """How many listings wait for a review."""
    return int(
        session.scalar(
            select(func.count()).select_from(Listing).where(Listing.state == ListingState.SUBMITTED)
        )
        or 0
    )


def owner(session: Session, listing: Listing) -> Organisation | None:
    """The organisation a listing belongs to; None while it is unclaimed."""
    if listing.organisation_id is None:
        return None
    return session.get(Organisation, listing.organisation_id)


def by_any_id(session: Session, text: str, board: Board) -> Sequence[Listing]:
    """Listings that a person at the command line may mean: by code on any board, else by external
    id or number, those of `board` first."""
    text = text.strip()
    coded = session.scalars(select(Listing).where(Listing.code == text.upper())).all()
    if coded:
        return coded
    named = session.scalars(select(Listing).where(Listing.external_id == text)).all()
    if named:
        return [each for each in named if each.board is board] or named
    if text.isascii() and text.isdigit() and len(text) < 19:
        return session.scalars(select(Listing).where(Listing.id == int(text))).all()
    return []
