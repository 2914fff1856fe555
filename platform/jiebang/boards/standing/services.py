"""Standing queries: each new strong pair is told once, at most five a day, to whom it concerns.

The notice is a row and a letter from the outbox, at once or with the digest as its reader chose
(`orgs.notices`); what is over the day's measure comes the next morning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.accounts.models import User
from jiebang.core import audit, clock, outbox
from jiebang.core.errors import Conflict, Invalid
from jiebang.core.permissions import Actor, OrganisationRole, Seat
from jiebang.discovery.engine import Discovery
from jiebang.discovery.suggestions import SHOWN_LEVELS
from jiebang.orgs import queries as orgs
from jiebang.orgs.notices import services as notices

from .. import queries as boards
from ..documents import search_filter
from ..models import Listing
from ..workflow import ListingState
from . import queries
from .models import SavedSearch, StandingHit

PAIRS, SEARCH = "standing_pairs", "standing_search"
"""Kinds of jobs."""
A_DAY = 5
"""So many a day for a listing or a saved search (the specification's measure)."""
LOOKED_AT = 40
KEPT = 20
"""Saved searches that a person may have."""
MORNING = time(7, 30)
"""Before the digest of that day."""


def listing_indexed(session: Session, listing_id: int) -> None:
    """After a listing's pairs were computed: it, its counterparts, and the searches on its board
    have something to look at."""
    listing = session.get(Listing, listing_id)
    if listing is None or listing.state is not ListingState.PUBLISHED:
        return
    ids = {listing_id, *queries.counterparts(session, listing_id)}
    outbox.enqueue_many(session, PAIRS, {f"{PAIRS}:{i}": {"listing_id": i} for i in sorted(ids)})
    found = queries.on_board(session, listing.board)
    outbox.enqueue_many(session, SEARCH, {f"{SEARCH}:{i}": {"search_id": i} for i in found})


def tell_pairs(door: Discovery, session: Session, listing_id: int) -> int:
    """Tells a listing's owner of new strong pairs that it may see; returns how many."""
    query = select(Listing).where(Listing.id == listing_id).with_for_update(of=Listing)
    listing = session.scalars(query).first()
    if (
        listing is None
        or listing.state is not ListingState.PUBLISHED
        or listing.organisation_id is None
    ):
        return 0
    rows = queries.unseen_pairs(session, listing_id, LOOKED_AT)
    cards = door.provider.cards(
        session, {row.other_id for row in rows}, _owner(listing.organisation_id)
    )
    rows = [row for row in rows if row.other_id in cards]
    room = A_DAY - queries.told_since(session, _today(), listing_id=listing_id)
    take = rows[: max(room, 0)]
    if len(rows) > len(take):
        _tomorrow(session, PAIRS, listing_id, {"listing_id": listing_id})
    if not take:
        return 0
    session.add_all(
        StandingHit(listing_id=listing_id, other_id=row.other_id, at=clock.now(), told=True)
        for row in take
    )
    notices.tell_organisation(
        session, listing.organisation_id, listing.line,
        f"新匹配 {len(take)} 条：{listing.title}", f"/listings/{listing.code}/matches",
        "\n".join(f"{row.level}相关：{cards[row.other_id].title}" for row in take),
    )  # fmt: skip
    return len(take)


def tell_search(
    door: Discovery, session: Session, search_id: int, read: Callable[..., boards.BoardFilter]
) -> int:
    """Tells a person what is new under a saved search; returns how many.

    It searches in a session of its own: `session` begins, and locks, only to write.
    """
    with door.database.reading() as reading:
        asked = reading.get(SavedSearch, search_id)
        asker = reading.get(User, asked.user_id) if asked is not None else None
        if asked is None or asker is None or not asker.active:
            return 0
        found = _found(door, reading, _person(reading, asker), read(asked.board, asked.asked))
    query = select(SavedSearch).where(SavedSearch.id == search_id)
    search = session.scalars(query.with_for_update(of=SavedSearch)).first()
    person = session.get(User, search.user_id) if search is not None else None
    if search is None or person is None or not person.active:
        return 0
    seen = queries.seen_by_search(session, search_id)
    fresh = [pair for pair in found if pair[0] not in seen]
    room = A_DAY - queries.told_since(session, _today(), search_id=search_id)
    take = fresh[: max(room, 0)]
    if len(fresh) > len(take):
        _tomorrow(session, SEARCH, search_id, {"search_id": search_id})
    if not take:
        return 0
    _mark(session, search_id, [key for key, _ in take], told=True)
    notices.tell(
        session, [person.id], f"保存的查询有 {len(take)} 条新内容：{search.name}",
        f"/searches/{search_id}", "\n".join(title for _, title in take),
    )  # fmt: skip
    return len(take)


def save(
    session: Session,
    actor: Actor,
    door: Discovery,
    where: boards.BoardFilter,
    asked: Mapping[str, str],
    name: str,
) -> SavedSearch:
    """Saves a search; what it shows at this moment is known and is not told again."""
    if not asked:
        raise Invalid({"": "请先填写关键词或条件，再保存这个查询。"})
    kept = queries.mine(session, actor)
    if len(kept) >= KEPT:
        raise Conflict(f"最多保存 {KEPT} 个查询，请先删除不用的。")
    same = next((e for e in kept if e.board is where.board and e.asked == dict(asked)), None)
    if same is not None:
        raise Conflict("这个查询已经保存过了。")
    assert actor.user_id is not None
    search = SavedSearch(
        user_id=actor.user_id,
        board=where.board,
        name=name if len(name) <= 200 else f"{name[:199]}…",
        asked=dict(asked),
        created_at=clock.now(),
    )
    session.add(search)
    session.flush()
    _mark(session, search.id, [k for k, _ in _found(door, session, actor, where)], told=False)
    audit.record(session, actor, "search.saved", "saved_search", search.id, board=where.board.value)
    return search


def delete(session: Session, actor: Actor, search: SavedSearch) -> None:
    """It asks no more."""
    audit.record(session, actor, "search.deleted", "saved_search", search.id)
    session.delete(search)


def _found(
    door: Discovery, session: Session, viewer: Actor, where: boards.BoardFilter
) -> list[tuple[int, str]]:
    """Ids and titles of what a search shows its person, their own organisations' left out."""
    if where.text:
        found = door.search_text(
            session, where.text, where.board, viewer, LOOKED_AT, search_filter(where), explain=False
        )
        cards = [each.card for each in found if each.match.level in SHOWN_LEVELS]
        rows = [(card.id, card.title) for card in cards]
    else:
        listed, _ = boards.page(session, where, viewer, 1)
        rows = [(listing.id, listing.title) for listing, _ in listed]
    owners = dict(
        session.execute(
            select(Listing.id, Listing.organisation_id).where(
                Listing.id.in_([key for key, _ in rows])
            )
        ).all()
    )
    return [(k, title) for k, title in rows if owners.get(k) not in viewer.organisation_ids]


def _mark(session: Session, search_id: int, ids: list[int], *, told: bool) -> None:
    session.add_all(
        StandingHit(search_id=search_id, other_id=key, at=clock.now(), told=told) for key in ids
    )


def _owner(organisation_id: int) -> Actor:
    """Whoever acts for an organisation, as far as visibility asks."""
    seat = Seat(organisation_id, "", OrganisationRole.AGENT, frozenset(), True, "")
    return Actor(user_id=0, label="", seats=(seat,), seat=seat)


def _person(session: Session, user: User) -> Actor:
    seats = orgs.seats_of(session, user.id)
    return Actor(user.id, user.display_name, frozenset(), seats, seats[0] if seats else None)


def _today() -> datetime:
    return clock.start_of_day(clock.today())


def _tomorrow(session: Session, kind: str, key: int, payload: dict[str, Any]) -> None:
    """The rest comes the next morning."""
    moment = datetime.combine(clock.today() + timedelta(days=1), MORNING, clock.BEIJING)
    outbox.enqueue(session, kind, payload, key=f"{kind}:{key}:later", run_after=moment)
