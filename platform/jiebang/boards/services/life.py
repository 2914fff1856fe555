"""A listing's way through its states; whatever changes visibility changes the index with it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.core import audit, clock, outbox
from jiebang.core.errors import Invalid
from jiebang.core.permissions import SYSTEM, Actor
from jiebang.discovery.engine import Discovery

from .. import storage
from ..diagnosis import Diagnosis, Ending
from ..documents import detail_loads, indexable
from ..fields import fields_of
from ..fields.values import check
from ..models import Listing
from ..workflow import LISTING, ListingState
from . import letters
from .drafting import log

CONFIRM_AFTER = timedelta(days=90)
"""A listing that nobody confirmed for this long asks its owner (DOMAIN.md, Listing life)."""
Listener = Callable[[Session, Actor, Listing, str], None]
"""Hears of every step of a listing in its transaction; may refuse it with a Conflict."""
LISTENERS: list[Listener] = []
"""Higher rooms add theirs in `wiring`: threads and responses follow their listing."""
EXPIRE_AFTER = CONFIRM_AFTER + timedelta(days=14)
"""Two weeks to answer before it expires."""

ENDINGS = {
    "submit": Ending.RESUBMITTED,
    "propose": Ending.RESUBMITTED,
    "conclude": Ending.CONCLUDED,
    "stand_aside": Ending.STOOD_ASIDE,
    "return": Ending.RETURNED,
    "withdraw": Ending.WITHDRAWN,
}
"""How each step out of a diagnosis ends it."""


def advance(
    session: Session,
    actor: Actor,
    discovery: Discovery | None,
    listing: Listing,
    name: str,
    reason: str = "",
    *,
    at: datetime | None = None,
) -> None:
    """Takes one arrow of the workflow. Raises Conflict / Forbidden when it is not open, Invalid
    when a reason or a required field is missing. `at` backdates an import's publication; with
    no `discovery` the caller writes the search rows itself, in one batch."""
    refusal = LISTING.refusal(name, listing, actor)
    if refusal is not None:
        raise refusal
    transition = LISTING.transitions[name]
    reason = reason.strip()
    if transition.needs_reason and not reason:
        raise Invalid({"reason": f"请说明“{transition.label}”的原因，对方会看到。"})
    if len(reason) > 500:
        raise Invalid({"reason": f"原因最多 500 字，现在 {len(reason)} 字。"})
    if name in ("propose", "endorse", "submit", "approve", "confirm"):
        errors = check(fields_of(listing.board), storage.read(listing), complete=True)
        if errors:
            raise Invalid(errors)
        _not_past(listing)
    before = listing.state
    LISTING.apply(name, listing, actor)
    moment = at or clock.now()
    listing.updated_at = clock.now()
    listing.state_reason = reason
    if listing.state is ListingState.ENDORSING:
        listing.proposed_at = moment
    if listing.state is ListingState.SUBMITTED:  # the review's clock starts anew
        listing.submitted_at = moment
    if before is ListingState.DIAGNOSIS:
        _end_diagnosis(session, listing, name)
    if listing.state is ListingState.PUBLISHED:
        listing.published_at = listing.published_at or moment
        if name in ("approve", "admit", "confirm"):
            listing.confirmed_at = clock.now()
    if listing.state in (ListingState.WITHDRAWN, ListingState.CLOSED, ListingState.EXPIRED):
        listing.ended_at = moment
    if discovery is not None:
        session.flush()
        _sync(session, discovery, listing, was_live=before is ListingState.PUBLISHED)
    log(session, actor, listing, name, transition.label, reason)
    if discovery is not None and name in ("propose", "endorse", "send_back"):
        letters.endorsement(session, discovery.settings.base_url, listing, name, reason)
    audit.record(
        session, actor, f"listing.{name}", "listing", listing.id,
        organisation_id=listing.organisation_id, before=before.value, after=listing.state.value,
    )  # fmt: skip
    for listener in LISTENERS:
        listener(session, actor, listing, name)


def _end_diagnosis(session: Session, listing: Listing, name: str) -> None:
    """Whatever leads out of the diagnosis ends it, so that none stays open unseen."""
    found = session.scalars(
        select(Diagnosis).where(Diagnosis.listing_id == listing.id, Diagnosis.closed_at.is_(None))
    ).first()
    if found is not None:
        found.closed_at, found.ending = clock.now(), ENDINGS[name]


def _not_past(listing: Listing) -> None:
    if listing.deadline is not None and listing.deadline < clock.today():
        day = clock.day_text(listing.deadline)
        raise Invalid({"deadline": f"日期 {day} 已过，请改为今天或以后的日期。"})


def _sync(session: Session, discovery: Discovery, listing: Listing, *, was_live: bool) -> None:
    if listing.state is ListingState.PUBLISHED:
        discovery.publish(session, indexable(listing))
        suggest_later(session, listing.id)
    elif was_live:
        discovery.withdraw(session, listing.id)
        suggest_later(session, listing.id)


def save_and_reindex(session: Session, discovery: Discovery, listing: Listing) -> None:
    """After a change: the search row of a published listing follows in the same transaction."""
    session.flush()
    _sync(session, discovery, listing, was_live=False)


def suggest_later(session: Session, listing_id: int) -> None:
    """Asks the worker to renew a listing's suggestions; one open job is enough."""
    outbox.enqueue(session, "suggest", {"listing_id": listing_id}, key=f"suggest:{listing_id}")


def suggest_many_later(session: Session, listing_ids: Collection[int]) -> None:
    """The same for a batch, in a fixed number of statements."""
    outbox.enqueue_many(
        session, "suggest", {f"suggest:{each}": {"listing_id": each} for each in listing_ids}
    )


def run_clock(session: Session, discovery: Discovery, limit: int = 200) -> int:
    """Closes what is past its deadline and expires what nobody confirmed; returns how many."""
    today, moment = clock.today(), clock.now()
    due = session.scalars(
        select(Listing)
        .where(
            Listing.state == ListingState.PUBLISHED,
            (Listing.deadline < today) | (Listing.confirmed_at < moment - EXPIRE_AFTER),
        )
        .order_by(Listing.id)
        .limit(limit)
        .options(*detail_loads())
        # what another worker has in hand this minute is its own; the rest is taken
        .with_for_update(of=Listing, skip_locked=True)
    ).all()
    for listing in due:
        past = listing.deadline is not None and listing.deadline < today
        advance(session, SYSTEM, discovery, listing, "close" if past else "expire")
    return len(due)


def confirm_due(session: Session, organisation_ids: Collection[int]) -> list[Listing]:
    """Published listings whose owner is asked whether they still hold."""
    if not organisation_ids:
        return []
    return list(
        session.scalars(
            select(Listing)
            .where(
                Listing.organisation_id.in_(organisation_ids),
                Listing.state == ListingState.PUBLISHED,
                Listing.confirmed_at < clock.now() - CONFIRM_AFTER,
            )
            .order_by(Listing.confirmed_at)
        )
    )
