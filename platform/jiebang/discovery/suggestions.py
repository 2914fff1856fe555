"""Counterparts proposed for a listing: computed by the worker, filtered again when shown."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session

from jiebang.core import clock
from matching.engine import Filter, Match

from .engine import Discovery
from .models import Feedback, SearchRow, Suggestion, Verdict
from .rows import revisions

KEPT = 20
SHOWN_LEVELS = ("强", "较强")


def compute(discovery: Discovery, session: Session, listing_id: int) -> int:
    """Renews the suggestions of one listing and puts it among those of its counterparts.

    Idempotent: what was known keeps the moment it was first seen. Returns how many were kept.
    The ranking reads in a session of its own: `session` begins, and locks, only to write.
    """
    with discovery.database.reading() as reading:
        item = discovery.provider.indexables(reading, [listing_id]).get(listing_id)
        found: list[Match] = []
        if item is not None:
            board = discovery.board_of(item).opposite
            # every visibility: who may see a counterpart is decided when it is shown
            found = discovery.rank(reading, item, board, KEPT, Filter(max_visibility=2))
    revision = revisions(session, [listing_id, *(match.id for match in found)])
    if listing_id not in revision:  # withdrawn meanwhile, or never published
        session.execute(
            delete(Suggestion).where(
                (Suggestion.listing_id == listing_id) | (Suggestion.other_id == listing_id)
            )
        )
        return 0
    found = [match for match in found if match.id in revision]
    keep = {match.id for match in found}
    session.execute(
        delete(Suggestion).where(
            Suggestion.listing_id == listing_id, Suggestion.other_id.not_in(keep)
        )
    )
    known = {
        (row.listing_id, row.other_id): row
        for row in session.scalars(
            select(Suggestion).where(
                or_(
                    and_(Suggestion.listing_id == listing_id, Suggestion.other_id.in_(keep)),
                    and_(Suggestion.other_id == listing_id, Suggestion.listing_id.in_(keep)),
                )
            )
        )
    }
    model, moment = discovery.live.engine.version, clock.now()
    for match in found:
        for here, there in ((listing_id, match.id), (match.id, listing_id)):
            row = known.get((here, there))
            if row is None:
                row = Suggestion(listing_id=here, other_id=there, first_seen_at=moment)
                session.add(row)
            row.score, row.level, row.model = match.score, match.level, model
            row.listing_revision, row.other_revision = revision[here], revision[there]
            row.computed_at = moment
    return len(found)


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
    """How many strong counterparts each listing has, in one statement.

    Those that only invited organisations may see are not counted: a number would tell of them.
    """
    rows = session.execute(
        select(Suggestion.listing_id, func.count())
        .join(SearchRow, SearchRow.listing_id == Suggestion.other_id)
        .where(
            Suggestion.listing_id.in_(listing_ids),
            Suggestion.level.in_(SHOWN_LEVELS),
            SearchRow.live,
            SearchRow.visibility <= 1,
        )
        .group_by(Suggestion.listing_id)
    )
    return {listing_id: number for listing_id, number in rows}


def count(session: Session) -> int:
    """How many pairs are kept."""
    return int(session.scalar(select(func.count()).select_from(Suggestion)) or 0)
