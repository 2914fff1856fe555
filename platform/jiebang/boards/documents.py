"""A listing as others may find and read it: what is public, and to whom. Nothing hidden leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.money import MoneyRange, range_text
from jiebang.core.permissions import Actor
from jiebang.discovery.provider import Card, Indexable
from jiebang.discovery.values import Conditions, Document, Filter, Kind
from jiebang.orgs.models import Organisation

from . import storage
from .fields import Field, fields_of
from .fields.shared import INDUSTRIES
from .fields.talent import LEVELS
from .fields.values import search_text
from .models import Disclosure, Listing, ListingInvitation
from .queries import OPEN_LEVELS, BoardFilter, visible_to
from .workflow import STATE_LABELS, STATE_TONES, ListingState

VISIBILITY = {
    Disclosure.PUBLIC: 0,
    Disclosure.ANONYMOUS: 0,
    Disclosure.AGREEMENT: 0,
    Disclosure.REGISTERED: 1,
    Disclosure.INVITED: 2,
}
INDUSTRY_LABELS = {option.value: option.label for option in INDUSTRIES}
LEVEL_LABELS = {option.value: option.label for option in LEVELS}
ALWAYS_PUBLIC = frozenset(
    {"title", "summary", "industry", "chain", "region", "modes", "money", "deadline", "trl"}
)
"""What an agreement-only listing shows before the agreement: title, summary, filter columns."""
UNCLAIMED = "待认领单位"


def is_open(field: Field, disclosure: Disclosure) -> bool:
    """Whether a field's value may be read by those who may see the listing at all."""
    if field.protected:
        return False
    return disclosure is not Disclosure.AGREEMENT or field.name in ALWAYS_PUBLIC


def public_text(board: Board, values: Mapping[str, Any], disclosure: Disclosure) -> tuple[str, str]:
    """Title and searchable body made from open fields alone."""
    parts: list[str] = []
    for field in _searched(board, disclosure):
        value = values.get(field.name)
        text = search_text(field, value) if value not in (None, "", []) else ""
        if text and text not in parts:
            parts.append(text)
    return str(values.get("title") or ""), "\n".join(parts)


@cache
def _searched(board: Board, disclosure: Disclosure) -> tuple[Field, ...]:
    """The fields of which the body is made."""
    return tuple(
        field
        for field in fields_of(board)
        if field.search and field.name != "title" and is_open(field, disclosure)
    )


def indexable(listing: Listing) -> Indexable:
    """The listing as the index may know it."""
    return indexable_of(listing.id, listing.board, storage.read(listing), listing.organisation_id)


def indexable_of(
    listing_id: int, board: Board, values: Mapping[str, Any], organisation_id: int | None
) -> Indexable:
    """The same from a listing's values, all of which are there (`storage.read`, `filled`)."""
    disclosure = Disclosure(values["disclosure"])
    title, body = public_text(board, values, disclosure)
    hidden = disclosure is Disclosure.AGREEMENT
    money = values.get("money") or MoneyRange()
    return Indexable(
        document=Document(
            id=listing_id,
            kind=Kind(board.value),
            title=title,
            body=body,
            conditions=Conditions(
                trl=values.get("trl"),
                money_low=money.low,
                money_high=money.high,
                negotiable=money.negotiable,
                deadline=values.get("deadline"),
                lead_days=None if hidden else values.get("lead_days"),
                region=values.get("region") or "",
                modes=frozenset(values.get("modes") or ()),
                industry=INDUSTRY_LABELS.get(values.get("industry") or "", ""),
                chain=values.get("chain") or "",
                quantity=None if hidden else _quantity(board, values),
                education="" if hidden else LEVEL_LABELS.get(values.get("level") or "", ""),
            ),
        ),
        visibility=VISIBILITY[disclosure],
        organisation_id=organisation_id,
    )


def _quantity(board: Board, values: Mapping[str, Any]) -> int | None:
    """How many are wanted or can be had."""
    match board:
        case Board.DEMAND:
            return sum(row["quantity"] or 0 for row in values.get("line_items", [])) or None
        case Board.PRODUCT:
            return values.get("capacity")
        case Board.ORDER:
            return sum(row["headcount"] or 0 for row in values.get("posts", [])) or None
        case Board.PROGRAMME:
            return values.get("places")
    return None


def search_filter(where: BoardFilter) -> Filter:
    """A list page's filter as the index takes it."""
    return Filter(
        industry=INDUSTRY_LABELS.get(where.industry),
        chain=where.chain or None,
        region=where.region or None,
        mode=where.mode or None,
        trl_at_least=where.trl,
        money_at_most=where.money,
        deadline_after=where.until - timedelta(days=1) if where.until else None,
    )


def organisation_name(listing: Listing, organisation: Organisation | None, viewer: Actor) -> str:
    """The owner's name as this viewer may read it."""
    if organisation is None:
        return UNCLAIMED
    if (
        listing.disclosure is Disclosure.ANONYMOUS
        and organisation.id not in viewer.organisation_ids
    ):
        return f"匿名单位（{listing.code}）"
    return organisation.name


@cache
def _label(board: Board, name: str, default: str) -> str:
    """A field's label as short as a list can show it: 报价截止日期 is 报价截止."""
    found = next((field.label for field in fields_of(board) if field.name == name), default)
    return found.removesuffix("日期")


def card(listing: Listing, organisation: Organisation | None, viewer: Actor) -> Card:
    """What lists and matches show of a listing."""
    tags = [listing.chain, *listing.modes[:3]]
    if listing.trl:
        tags.append(f"TRL {'≥ ' if listing.board is Board.NEED else ''}{listing.trl}")
    return Card(
        id=listing.id,
        code=listing.code,
        url=f"/listings/{listing.code}",
        kind=listing.board,
        kind_label=listing.board.label,
        title=listing.title,
        summary=listing.summary,
        org_name=organisation_name(listing, organisation, viewer),
        region=listing.region,
        industry=INDUSTRY_LABELS.get(listing.industry, ""),
        tags=[tag for tag in tags if tag],
        money_text=range_text(listing.money_low, listing.money_high, listing.negotiable),
        deadline_text=clock.day_text(listing.deadline) if listing.deadline else "",
        published_text=(
            clock.day_text(clock.to_beijing(listing.published_at).date())
            if listing.published_at
            else ""
        ),
        money_label=_label(listing.board, "money", "金额"),
        deadline_label=_label(listing.board, "deadline", "期限"),
        state_label=STATE_LABELS[listing.state],
        state_tone=STATE_TONES[listing.state],
        deadline=listing.deadline,
        money=listing.money_high if listing.money_high is not None else listing.money_low,
        missing=list(listing.missing),
    )


class BoardsProvider:
    """The boards as discovery sees them (`discovery.provider.Provider`)."""

    def indexables(self, session: Session, ids: Collection[int]) -> dict[int, Indexable]:
        if not ids:
            return {}
        listings = session.scalars(
            select(Listing)
            .where(Listing.id.in_(ids), Listing.state == ListingState.PUBLISHED)
            .options(*detail_loads())
        )
        return {listing.id: indexable(listing) for listing in listings}

    def all_ids(self, session: Session) -> list[int]:
        return list(
            session.scalars(
                select(Listing.id)
                .where(Listing.state == ListingState.PUBLISHED)
                .order_by(Listing.id)
            )
        )

    def cards(self, session: Session, ids: Collection[int], viewer: Actor) -> dict[int, Card]:
        if not ids:
            return {}
        rows = session.execute(
            select(Listing, Organisation)
            .outerjoin(Organisation, Organisation.id == Listing.organisation_id)
            .where(
                Listing.id.in_(ids),
                Listing.state == ListingState.PUBLISHED,
                visible_to(viewer),
            )
        )
        return {listing.id: card(listing, organisation, viewer) for listing, organisation in rows}

    def invited_ids(self, session: Session, viewer: Actor) -> frozenset[int]:
        if not viewer.organisation_ids:
            return frozenset()
        mine = select(Listing.id).where(
            Listing.organisation_id.in_(viewer.organisation_ids),
            Listing.disclosure == Disclosure.INVITED,
            Listing.state == ListingState.PUBLISHED,
        )
        invited = select(ListingInvitation.listing_id).where(
            ListingInvitation.organisation_id.in_(viewer.organisation_ids)
        )
        return frozenset(session.scalars(mine.union(invited)))

    def counts(self, session: Session) -> dict[Board, int]:
        rows = session.execute(
            select(Listing.board, func.count())
            .where(Listing.state == ListingState.PUBLISHED, Listing.disclosure.in_(OPEN_LEVELS))
            .group_by(Listing.board)
        )
        found = {board: number for board, number in rows}
        return {board: found.get(board, 0) for board in Board}


def detail_loads() -> list[Any]:
    """Loads the six details beside their listings in a fixed number of statements."""
    names = ("need", "outcome", "demand", "product", "order", "programme")
    return [joinedload(getattr(Listing, name)) for name in names]
