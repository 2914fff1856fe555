"""Counterparts proposed for a listing: computed by the worker, filtered again when shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from jiebang.core import clock, outbox
from jiebang.core.boards import Board
from matching import exposure
from matching.engine import Filter, Match
from matching.pairs import BLOCK

from .engine import Discovery
from .models import Feedback, SearchRow, Suggestion, Verdict
from .rows import revisions

KEPT = 20
KIND = "suggest"
"""The worker's job that renews one listing's list."""
LOOKED_AT = 60
"""Nearest counterparts whose own lists a changed listing may enter."""
SHOWN_LEVELS = ("强", "较强")


def compute(discovery: Discovery, session: Session, listing_id: int) -> int:
    """Renews what a change of one listing touches: its own list, its place in the lists of its
    counterparts, and nothing else. Returns how many its own list has.

    A listing's list is what a search from its side finds, so each direction has its own score.
    Idempotent: what was known keeps the moment it was first seen. The ranking reads in a session
    of its own: `session` begins, and locks, only to write.
    """
    own: list[Match] = []
    entering: dict[int, Match | None] = {}
    with discovery.database.reading() as reading:
        holders = set(
            reading.scalars(select(Suggestion.listing_id).where(Suggestion.other_id == listing_id))
        )
        item = discovery.provider.indexables(reading, [listing_id]).get(listing_id)
        if item is not None:
            board = discovery.board_of(item)
            # every visibility: who may see a counterpart is decided when it is shown
            everyone = Filter(max_visibility=2)
            found = discovery.rank(reading, item, board.opposite, LOOKED_AT, everyone)
            own = found[:KEPT]
            asked = list(dict.fromkeys([*(match.id for match in found), *sorted(holders)]))
            others = discovery.provider.indexables(reading, asked[: 2 * LOOKED_AT])
            only = Filter(max_visibility=2, only_ids=frozenset({listing_id}))
            for key, matches in zip(
                others,
                discovery.rank_many(reading, list(others.values()), board, 1, only),
                strict=True,
            ):
                entering[key] = matches[0] if matches else None
    revision = revisions(session, [listing_id, *(match.id for match in own), *entering])
    if listing_id not in revision:  # withdrawn meanwhile, or never published
        _refill(session, _full(session, holders))
        session.execute(
            delete(Suggestion).where(
                (Suggestion.listing_id == listing_id) | (Suggestion.other_id == listing_id)
            )
        )
        return 0
    version = discovery.live.engine.version
    own = [match for match in own if match.id in revision]
    replace_list(session, listing_id, own, revision, version)
    for key, match in entering.items():
        if key in revision:
            _place(session, key, listing_id, match, revision, version)
    _refill(session, holders - set(entering))  # too many to look at here: each its own job
    return len(own)


def replace_list(
    session: Session,
    listing_id: int,
    found: Sequence[Match],
    revision: Mapping[int, int],
    version: str,
) -> None:
    """Makes these the list of one listing; `revision` knows all of them."""
    keep = {match.id for match in found}
    session.execute(
        delete(Suggestion).where(
            Suggestion.listing_id == listing_id, Suggestion.other_id.not_in(keep)
        )
    )
    known = {
        row.other_id: row
        for row in session.scalars(select(Suggestion).where(Suggestion.listing_id == listing_id))
    }
    for match in found:
        _write(session, known.get(match.id), listing_id, match.id, match, revision, version)


def _write(
    session: Session,
    row: Suggestion | None,
    listing_id: int,
    other_id: int,
    match: Match,
    revision: Mapping[int, int],
    version: str,
) -> None:
    if row is None:
        row = Suggestion(listing_id=listing_id, other_id=other_id, first_seen_at=clock.now())
        session.add(row)
    row.score, row.level, row.model = match.score, match.level, version
    row.listing_revision, row.other_revision = revision[listing_id], revision[other_id]
    row.computed_at = clock.now()


def _place(
    session: Session,
    holder: int,
    listing_id: int,
    match: Match | None,
    revision: Mapping[int, int],
    version: str,
) -> None:
    """Puts a changed listing where it belongs in another one's list, or takes it out."""
    rows = {
        row.other_id: row
        for row in session.scalars(select(Suggestion).where(Suggestion.listing_id == holder))
    }
    row, others = rows.get(listing_id), [r for key, r in rows.items() if key != listing_id]
    full = len(rows) >= KEPT
    worst = min(others, key=lambda each: (each.score, -each.other_id), default=None)
    if match is None:
        if row is not None:
            session.delete(row)
            if full:
                _refill(session, {holder})
        return
    last = worst is not None and (match.score, -listing_id) < (worst.score, -worst.other_id)
    if row is None and full and last:
        return
    if row is not None and full and last and match.score < row.score:
        _refill(session, {holder})  # one that was never in the list may be better by now
    if row is None and full and worst is not None:
        session.delete(worst)
    _write(session, row, holder, listing_id, match, revision, version)


def _full(session: Session, holders: Collection[int]) -> set[int]:
    counted = session.execute(
        select(Suggestion.listing_id, func.count())
        .where(Suggestion.listing_id.in_(holders))
        .group_by(Suggestion.listing_id)
    )
    return {listing_id for listing_id, number in counted if number >= KEPT}


def _refill(session: Session, ids: Collection[int]) -> None:
    """Asks the worker for the whole lists of these listings."""
    outbox.enqueue_many(session, KIND, {f"{KIND}:{key}": {"listing_id": key} for key in ids})


def stale(session: Session, version: str, limit: int) -> list[int]:
    """Listings whose list holds something made from another text of either side, or by another
    model or ranking."""
    return list(session.scalars(_stale(version).limit(limit)))


def _stale(version: str) -> Select[int]:
    other = aliased(SearchRow)
    return (
        select(Suggestion.listing_id)
        .join(SearchRow, SearchRow.listing_id == Suggestion.listing_id)
        .join(other, other.listing_id == Suggestion.other_id)
        .where(
            SearchRow.live,
            or_(
                Suggestion.model != version,
                Suggestion.listing_revision != SearchRow.revision,
                Suggestion.other_revision != other.revision,
            ),
        )
        .distinct()
    )


def outdated(
    session: Session, pairs: Collection[Suggestion], version: str | None
) -> set[tuple[int, int]]:
    """Those of `pairs`, as (listing, other), that are not of today: made from another text of
    either side, or by another model or ranking than `version`. What is shown of them is as it
    was, until the worker has renewed it; pages say so."""
    now = revisions(session, {key for pair in pairs for key in (pair.listing_id, pair.other_id)})
    return {
        (pair.listing_id, pair.other_id)
        for pair in pairs
        if pair.model != version
        or pair.listing_revision != now.get(pair.listing_id)
        or pair.other_revision != now.get(pair.other_id)
    }


def outdated_lists(session: Session, ids: Collection[int], version: str | None) -> set[int]:
    """Those of these listings whose own list holds such a pair, in one statement."""
    return set(session.scalars(_stale(version or "").where(Suggestion.listing_id.in_(ids))))


def renew_stale(discovery: Discovery, limit: int = 200) -> int:
    """Enqueues the lists that are out of date, unless the worker has enough to do; returns how
    many. A change of a listing has its own job at once: this finds what a new model or ranking
    has left behind."""
    version = discovery.live.engine.version
    with discovery.database.transaction() as session:
        if outbox.is_due(session):
            return 0
        found = stale(session, version, limit)
        _refill(session, found)
    return len(found)


def compute_all(
    discovery: Discovery,
    progress: Callable[[Board, int, int], None] | None = None,
    after: tuple[Board, int] | None = None,
    done: Callable[[Board, int], None] | None = None,
) -> int:
    """The lists of every listing of every board, a block at a time; returns how many lists.

    `done` hears of each block that is committed; given back as `after` the run goes on there.
    """
    boards, written = list(Board), 0
    for board in boards[boards.index(after[0]) :] if after else boards:
        with discovery.database.reading() as session:
            live = select(SearchRow.listing_id).where(SearchRow.live, SearchRow.board == board)
            ids = list(session.scalars(live.order_by(SearchRow.listing_id)))
        first = after[1] if after and after[0] is board else 0
        for start in range(0, len(ids), BLOCK):
            block = [key for key in ids[start : start + BLOCK] if key > first]
            if block:
                written += _block(discovery, board, block)
                if done is not None:
                    done(board, block[-1])
            if progress is not None:
                progress(board, min(start + BLOCK, len(ids)), len(ids))
    return written


def _block(discovery: Discovery, board: Board, ids: Sequence[int]) -> int:
    with discovery.database.reading() as reading:
        items = discovery.provider.indexables(reading, ids)
        everyone = Filter(max_visibility=2)
        lists = discovery.rank_many(reading, list(items.values()), board.opposite, KEPT, everyone)
    version = discovery.live.engine.version
    with discovery.database.transaction() as session:
        known = {*items, *(match.id for found in lists for match in found)}
        revision = revisions(session, known)
        for listing_id, found in zip(items, lists, strict=True):
            if listing_id in revision:
                kept = [match for match in found if match.id in revision]
                replace_list(session, listing_id, kept, revision, version)
    return len(items)


def fresh_for(
    session: Session, listing_ids: Collection[int], since: datetime, limit: int = 20
) -> list[Suggestion]:
    """Strong pairs of these listings first seen since a moment, not yet judged unfit; the best for
    both sides first.

    One that was made from an earlier state of either side is shown as it was until the worker has
    renewed it, so that a change of who may see a listing takes and gives it at once. One that
    many others are sent already is left out, save among the first of a list
    (`matching.exposure`); a search, and the listing's own page of matches, still have it.
    """
    if not listing_ids:
        return []
    mine, other = aliased(SearchRow), aliased(SearchRow)
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
            .join(mine, mine.listing_id == Suggestion.listing_id)
            .join(other, other.listing_id == Suggestion.other_id)
            .where(
                mine.live,
                other.live,
                Suggestion.listing_id.in_(listing_ids),
                Suggestion.level.in_(SHOWN_LEVELS),
                Suggestion.first_seen_at > since,
                ~dismissed,
                _not_crowded(session, mine),
            )
            .order_by(_joint().desc(), Suggestion.listing_id, Suggestion.other_id)
            .limit(limit)
        )
    )


def _joint() -> ColumnElement[float]:
    """What a pair is worth to both sides (`matching.mutual`). What is not on the other side's own
    list is worth at most the last of that list to it, and nothing if the list has room."""
    back, last = aliased(Suggestion), aliased(Suggestion)
    theirs = func.coalesce(
        select(back.score)
        .where(back.listing_id == Suggestion.other_id, back.other_id == Suggestion.listing_id)
        .scalar_subquery(),
        select(case((func.count() >= KEPT, func.min(last.score)), else_=0.0))
        .where(last.listing_id == Suggestion.other_id)
        .scalar_subquery(),
    )
    return 2.0 * Suggestion.score * theirs / (Suggestion.score + theirs)


def _not_crowded(session: Session, mine: type[SearchRow]) -> ColumnElement[bool]:
    """Whether a pair is among the first of its own list, or its other side among few enough lists
    where it fits better than here."""
    ahead, rival = aliased(Suggestion), aliased(Suggestion)
    place = (
        select(func.count())
        .where(ahead.listing_id == Suggestion.listing_id, ahead.score > Suggestion.score)
        .scalar_subquery()
    )
    places = (
        select(func.count())
        .where(
            rival.other_id == Suggestion.other_id,
            rival.level.in_(SHOWN_LEVELS),
            rival.score > Suggestion.score,
        )
        .scalar_subquery()
    )
    size = dict.fromkeys(Board, 0) | {
        board: number
        for board, number in session.execute(
            select(SearchRow.board, func.count()).where(SearchRow.live).group_by(SearchRow.board)
        )
    }
    return or_(
        place < exposure.KEPT_ANYHOW,
        *(
            and_(mine.board == board, places < exposure.cap(size[board], size[board.opposite]))
            for board in Board
        ),
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
