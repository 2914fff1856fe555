"""Counterparts proposed for a listing: computed by the worker, filtered again when shown."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from jiebang.core import clock
from matching.engine import Filter, Match

from .engine import Discovery
from .index import revisions
from .models import Feedback, Suggestion, Verdict

KEPT = 20
SHOWN_LEVELS = ("强", "较强")


def compute(discovery: Discovery, session: Session, listing_id: int) -> int:
    """Renews the suggestions of one listing and puts it among those of its counterparts.

    Idempotent: what was known keeps the moment it was first seen. Returns how many were kept.
    """
    items = discovery.provider.indexables(session, [listing_id])
    if listing_id not in items:
        session.execute(
            delete(Suggestion).where(
                (Suggestion.listing_id == listing_id) | (Suggestion.other_id == listing_id)
            )
        )
        return 0
    item = items[listing_id]
    board = discovery.board_of(item).opposite
    # every visibility: who may see a counterpart is decided when it is shown
    found = discovery.rank(session, item, board, KEPT, Filter(max_visibility=2))
    revision = revisions(session, [listing_id, *(match.id for match in found)])
    if listing_id not in revision:
        return 0
    model = discovery.live.engine.encoder.fingerprint
    moment = clock.now()
    keep = {match.id for match in found}
    session.execute(
        delete(Suggestion).where(
            Suggestion.listing_id == listing_id, Suggestion.other_id.not_in(keep)
        )
    )
    for match in found:
        if match.id in revision:
            here, there = revision[listing_id], revision[match.id]
            _keep(session, listing_id, match.id, match, model, here, there, moment)
            _keep(session, match.id, listing_id, match, model, there, here, moment)
    return len(found)


def _keep(
    session: Session,
    listing_id: int,
    other_id: int,
    match: Match,
    model: str,
    revision: int,
    other_revision: int,
    moment: datetime,
) -> None:
    row = session.get(Suggestion, (listing_id, other_id))
    if row is None:
        row = Suggestion(listing_id=listing_id, other_id=other_id, first_seen_at=moment)
        session.add(row)
    row.score, row.level, row.model = match.score, match.level, model
    row.listing_revision, row.other_revision = revision, other_revision
    row.computed_at = moment


def fresh_for(
    session: Session, listing_ids: Collection[int], since: datetime, limit: int = 20
) -> list[Suggestion]:
    """Strong pairs of these listings first seen since a moment, not yet judged unfit."""
    dismissed = (
        select(Feedback.id)
        .where(
            Feedback.listing_id == Suggestion.listing_id,
            Feedback.other_id == Suggestion.other_id,
            Feedback.verdict == Verdict.UNFIT,
        )
        .exists()
    )
    return list(
        session.scalars(
            select(Suggestion)
            .where(
                Suggestion.listing_id.in_(listing_ids),
                Suggestion.level.in_(SHOWN_LEVELS),
                Suggestion.first_seen_at > since,
                ~dismissed,
            )
            .order_by(Suggestion.score.desc())
            .limit(limit)
        )
    )


def dismissed_ids(session: Session, listing_id: int) -> frozenset[int]:
    """Counterparts that the owner judged unfit."""
    return frozenset(
        session.scalars(
            select(Feedback.other_id).where(
                Feedback.listing_id == listing_id, Feedback.verdict == Verdict.UNFIT
            )
        )
    )


def strong_counts(session: Session, listing_ids: Collection[int]) -> dict[int, int]:
    """How many strong counterparts each listing has, in one statement."""
    rows = session.execute(
        select(Suggestion.listing_id, func.count())
        .where(Suggestion.listing_id.in_(listing_ids), Suggestion.level.in_(SHOWN_LEVELS))
        .group_by(Suggestion.listing_id)
    )
    return {listing_id: number for listing_id, number in rows}


def count(session: Session) -> int:
    """How many pairs are kept."""
    return int(session.scalar(select(func.count()).select_from(Suggestion)) or 0)
