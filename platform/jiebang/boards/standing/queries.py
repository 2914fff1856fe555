"""Saved searches by whose they are, and what a standing query has not shown yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jiebang.core.boards import Board
from jiebang.core.errors import NotFound
from jiebang.core.permissions import Actor
from jiebang.discovery.models import Feedback, Suggestion, Verdict
from jiebang.discovery.suggestions import SHOWN_LEVELS

from .models import SavedSearch, StandingHit


def mine(session: Session, actor: Actor) -> Sequence[SavedSearch]:
    """A person's saved searches, the newest first."""
    return session.scalars(
        select(SavedSearch)
        .where(SavedSearch.user_id == actor.user_id)
        .order_by(SavedSearch.id.desc())
    ).all()


def one(session: Session, search_id: int, actor: Actor) -> SavedSearch:
    """One of them; NotFound for anybody else's."""
    found = session.scalars(
        select(SavedSearch).where(SavedSearch.id == search_id, SavedSearch.user_id == actor.user_id)
    ).first()
    if found is None:
        raise NotFound("没有找到这个保存的查询，它可能已被删除。")
    return found


def on_board(session: Session, board: Board) -> Sequence[int]:
    """Ids of everybody's saved searches on a board."""
    return session.scalars(select(SavedSearch.id).where(SavedSearch.board == board)).all()


def counterparts(session: Session, listing_id: int) -> Sequence[int]:
    """Listings for which this one is a strong counterpart."""
    return session.scalars(
        select(Suggestion.listing_id).where(
            Suggestion.other_id == listing_id, Suggestion.level.in_(SHOWN_LEVELS)
        )
    ).all()


def unseen_pairs(session: Session, listing_id: int, limit: int) -> Sequence[Suggestion]:
    """Strong pairs of a listing that were neither shown nor judged unfit, the best first."""
    shown = (
        select(StandingHit.id)
        .where(
            StandingHit.listing_id == Suggestion.listing_id,
            StandingHit.other_id == Suggestion.other_id,
        )
        .exists()
    )
    dismissed = (
        select(Feedback.id)
        .where(
            Feedback.listing_id == Suggestion.listing_id,
            Feedback.other_id == Suggestion.other_id,
            Feedback.verdict == Verdict.UNFIT,
        )
        .exists()
    )
    return session.scalars(
        select(Suggestion)
        .where(
            Suggestion.listing_id == listing_id,
            Suggestion.level.in_(SHOWN_LEVELS),
            ~shown,
            ~dismissed,
        )
        .order_by(Suggestion.score.desc(), Suggestion.other_id)
        .limit(limit)
    ).all()


def told_since(
    session: Session,
    moment: datetime,
    *,
    listing_id: int | None = None,
    search_id: int | None = None,
) -> int:
    """How many a standing query has told of since a moment."""
    asker = (
        StandingHit.listing_id == listing_id
        if listing_id is not None
        else StandingHit.search_id == search_id
    )
    query = select(func.count()).select_from(StandingHit)
    return session.scalar(query.where(asker, StandingHit.told, StandingHit.at >= moment)) or 0


def seen_by_search(session: Session, search_id: int) -> set[int]:
    """What a saved search has shown."""
    return set(
        session.scalars(select(StandingHit.other_id).where(StandingHit.search_id == search_id))
    )
