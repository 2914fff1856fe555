"""Drafts: make one, change it, keep every version."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from jiebang.core import audit, clock
from jiebang.core.boards import Board
from jiebang.core.errors import Conflict, Forbidden, Invalid, NotFound
from jiebang.core.permissions import Actor, Permission
from jiebang.orgs.models import Organisation

from .. import storage
from ..fields import fields_of
from ..fields.cleaning import says_something
from ..fields.values import check, completeness
from ..models import (
    Listing,
    ListingEvent,
    ListingInvitation,
    ListingVersion,
    PendingDraft,
)
from ..workflow import EDITABLE, ListingState

PENDING_LIFE = timedelta(days=7)
"""How long a visitor's text waits for them to register; older ones are deleted."""
PENDING_LIMIT = 2000
UNENDORSED = (
    "本单位的内容须经单位管理员审批：已发布的内容请由管理员修改，或先撤榜、改好后重新提交审批。"
)
"""What is public already must not change past the office that let it out."""


def create(
    session: Session,
    actor: Actor,
    board: Board,
    values: Mapping[str, Any],
    *,
    organisation_id: int | None = None,
    import_key: str | None = None,
    external_id: str = "",
) -> Listing:
    """Makes a draft. It needs a title; everything else may come later (Invalid otherwise)."""
    owner = organisation_id if organisation_id is not None else actor.organisation_id
    if not actor.can(Permission.IMPORT_FOR_OTHERS):
        if actor.organisation_id is None or owner != actor.organisation_id:
            raise Forbidden("请先加入或创建单位，再发布内容。")
        if not actor.acts_in(board.line):
            raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    listing = build(
        actor,
        board,
        values,
        organisation_id=owner,
        import_key=import_key,
        external_id=external_id,
    )
    session.add(listing)
    session.flush()
    born(session, actor, listing, values)
    return listing


def build(
    actor: Actor,
    board: Board,
    values: Mapping[str, Any],
    *,
    organisation_id: int | None,
    import_key: str | None = None,
    external_id: str = "",
) -> Listing:
    """A draft that is not in the database yet; `born` follows when the flush gave it an id."""
    if errors := check(fields_of(board), values, complete=False):
        raise Invalid(errors)
    moment = clock.now()
    listing = Listing(
        code=f"new-{secrets.token_hex(8)}",
        board=board,
        organisation_id=organisation_id,
        created_by=actor.user_id,
        state=ListingState.DRAFT,
        title=str(values["title"]),
        modes=[],
        origin={},
        import_key=import_key,
        external_id=external_id,
        created_at=moment,
        updated_at=moment,
    )
    storage.write(listing, values)
    _count(listing)
    return listing


def born(session: Session, actor: Actor, listing: Listing, values: Mapping[str, Any]) -> None:
    """Gives a new listing its number, its first version, and its audit row."""
    moment = listing.created_at
    listing.code = f"{listing.board.prefix}{clock.to_beijing(moment):%y}{listing.id:06d}"
    _keep_version(session, actor, listing, sorted(values), number=1)
    log(session, actor, listing, "create", "建立草稿")
    audit.record(
        session, actor, "listing.created", "listing", listing.id,
        organisation_id=listing.organisation_id, board=listing.board.value, code=listing.code,
    )  # fmt: skip


def change(
    session: Session, actor: Actor, listing: Listing, values: Mapping[str, Any]
) -> list[str]:
    """Changes some values of a listing; returns the names of those that differ.

    A published listing must stay complete. The caller renews the search row (`life.reindex`).
    """
    if not (listing.belongs_to(actor) or actor.can(Permission.IMPORT_FOR_OTHERS)):
        raise NotFound
    if not actor.acts_in(listing.line) and actor.user_id is not None:
        raise Forbidden("您的经办范围不含这条业务线，请联系本单位管理员调整。")
    if listing.state not in EDITABLE:
        raise Conflict("当前状态下不能修改。审核中的内容请先“取回修改”。")
    published = listing.state is ListingState.PUBLISHED
    if published and actor.seat is not None and actor.seat.must_ask:
        raise Conflict(UNENDORSED)
    merged = {**storage.read(listing), **values}
    complete = published and not actor.can(Permission.IMPORT_FOR_OTHERS)
    if errors := check(fields_of(listing.board), merged, complete=complete):
        raise Invalid(errors)
    changed = storage.write(listing, values)
    if not changed:
        return []
    listing.updated_at = clock.now()
    _count(listing)
    session.flush()
    _keep_version(session, actor, listing, changed)
    if published:
        log(session, actor, listing, "change", "修改已发布内容")
    audit.record(
        session, actor, "listing.changed", "listing", listing.id,
        organisation_id=listing.organisation_id, fields=changed,
    )  # fmt: skip
    return changed


def _count(listing: Listing) -> None:
    values = storage.read(listing)
    listing.missing = completeness(fields_of(listing.board), values).missing


def _keep_version(
    session: Session,
    actor: Actor,
    listing: Listing,
    changed: list[str],
    number: int | None = None,
) -> None:
    if number is None:
        latest = session.scalar(
            select(func.max(ListingVersion.number)).where(ListingVersion.listing_id == listing.id)
        )
        number = (latest or 0) + 1
    session.add(
        ListingVersion(
            listing_id=listing.id,
            number=number,
            at=clock.now(),
            changed_by=actor.label[:80],
            changed=changed,
            values=storage.to_json(storage.read(listing)),
        )
    )


def log(
    session: Session, actor: Actor, listing: Listing, name: str, label: str, reason: str = ""
) -> None:
    """Adds a step to the listing's life as its page shows it."""
    session.add(
        ListingEvent(
            listing_id=listing.id,
            at=clock.now(),
            name=name,
            label=label,
            actor_label=actor.label[:80],
            reason=reason,
        )
    )


def invite(session: Session, actor: Actor, listing: Listing, name: str) -> Organisation:
    """Lets an organisation read an invited-only listing."""
    organisation = session.scalars(
        select(Organisation).where(Organisation.name == name.strip())
    ).first()
    if organisation is None:
        raise Invalid({"name": f"没有找到单位“{name.strip()}”，请填写平台上的单位全称。"})
    if organisation.id == listing.organisation_id:
        raise Invalid({"name": "不必邀请本单位。"})
    if session.get(ListingInvitation, (listing.id, organisation.id)) is None:
        session.add(
            ListingInvitation(
                listing_id=listing.id, organisation_id=organisation.id, invited_at=clock.now()
            )
        )
        audit.record(
            session, actor, "listing.invited", "listing", listing.id,
            organisation_id=listing.organisation_id, invited=organisation.id,
        )  # fmt: skip
    return organisation


def uninvite(session: Session, actor: Actor, listing: Listing, organisation_id: int) -> None:
    """Takes an invitation back; the listing is invisible to that organisation at once."""
    row = session.get(ListingInvitation, (listing.id, organisation_id))
    if row is not None:
        session.delete(row)
        audit.record(
            session, actor, "listing.uninvited", "listing", listing.id,
            organisation_id=listing.organisation_id, invited=organisation_id,
        )  # fmt: skip


def keep_pending(session: Session, board: Board, text: str) -> str:
    """Keeps a visitor's text until they have an organisation; returns the token for the cookie."""
    text = text.strip()
    if not says_something(text):  # punctuation alone could never become a draft
        raise Invalid({"text": "请先写下您的问题或成果。"})
    if len(text) > PENDING_LIMIT:
        raise Invalid({"text": f"最多 {PENDING_LIMIT} 字，现在 {len(text)} 字。"})
    moment = clock.now()
    session.execute(delete(PendingDraft).where(PendingDraft.created_at < moment - PENDING_LIFE))
    token = secrets.token_urlsafe(24)
    session.add(PendingDraft(token_hash=_hash(token), board=board, text=text, created_at=moment))
    return token


def take_pending(session: Session, actor: Actor, token: str) -> Listing | None:
    """Turns a kept text into a draft of the actor's organisation; None if it is gone."""
    row = session.get(PendingDraft, _hash(token))
    if row is None:
        return None
    listing = create(session, actor, row.board, from_text(row.board, row.text))
    session.delete(row)
    return listing


def from_text(board: Board, text: str) -> dict[str, Any]:
    """First values of a draft from one everyday sentence: nothing is invented, only placed."""
    text = text.strip()
    first, _, rest = text.partition("\n")
    title = first
    for mark in "。！？；!?;":
        title = title.split(mark, 1)[0]
    values: dict[str, Any] = {"title": title.strip()[:60] or text[:60]}
    if len(values["title"]) < len(text) or rest:
        values["problem" if board is Board.NEED else "summary"] = text[:800]
    if board is Board.NEED:
        values["summary"] = text[:800]
    return values


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
