"""The index's rows in the database: written with the change they tell of, read to catch up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Select, and_, delete, func, select, update
from sqlalchemy.orm import Session

from indexes.vectors import VectorEngine
from jiebang.core import clock
from jiebang.core.base import insert_into
from jiebang.core.boards import Board
from jiebang.core.many import insert_many
from matching.documents import Kind
from matching.engine import Attributes, Engine, Packed, Prepared

from .models import SearchRevision, SearchRow, SearchText
from .provider import Indexable
from .vectors import store_vectors

log = structlog.get_logger()
BATCH = 500
"""Rows read at a time: each holds its words as Python strings until the index took them over."""


class OtherModel(Exception):
    """Another model serves by now: what was prepared must be prepared again with it."""


def next_revision(session: Session, number: int = 1) -> int:
    """Takes the next `number` revisions and keeps the counter locked until this transaction ends;
    returns the first of them."""
    value = session.execute(
        update(SearchRevision)
        .where(SearchRevision.id == 1)
        .values(value=SearchRevision.value + number)
        .returning(SearchRevision.value)
    ).scalar_one()
    return int(value) - number + 1


def write_rows(
    session: Session,
    items: Sequence[Indexable],
    prepared: Sequence[Prepared | Packed],
    model: str,
    place: str | None = None,
    *,
    vectors: VectorEngine | None = None,
    take_over: bool = False,
) -> list[int]:
    """Writes or replaces listings' search rows in this transaction; returns their revisions.

    `model` made `prepared`; on an empty platform it becomes the one that serves (`place` says
    where it is), as it does with `take_over`. Raises OtherModel when another one serves; then
    nothing was written, and none can take that one's place before this transaction ends.
    """
    if not items:
        return []
    serving = locked_model(session)
    if serving is None or (take_over and serving != model):
        serve(session, model, place)
    elif serving != model:
        raise OtherModel
    ids = [item.document.id for item in items]
    known = {
        row.listing_id: row
        for row in session.scalars(select(SearchRow).where(SearchRow.listing_id.in_(ids)))
    }
    first = next_revision(session, len(items))
    new: list[dict[str, Any]] = []
    for revision, item in enumerate(items, first):
        row = known.get(item.document.id)
        values = {**_columns(item), "revision": revision, "live": True}
        if row is None:
            new.append({"listing_id": item.document.id, **values})
            continue
        for name, value in values.items():
            setattr(row, name, value)
    session.flush()
    if new:  # one statement, without an object for each: an import brings hundreds
        insert_many(session, SearchRow, new)
    texts = dict(zip(ids, zip(count(first), prepared), strict=False))
    write_texts(session, model, texts, vectors)
    return list(range(first, first + len(items)))


def locked_model(session: Session) -> str | None:
    """The model that serves; it stays so until this transaction ends."""
    return session.execute(
        update(SearchRevision)
        .where(SearchRevision.id == 1)
        .values(value=SearchRevision.value)
        .returning(SearchRevision.model)
    ).scalar_one()


def serve(session: Session, model: str, place: str | None) -> None:
    """Makes a model the one that all processes search with, from this commit on."""
    session.execute(
        update(SearchRevision)
        .where(SearchRevision.id == 1)
        .values(model=model, model_place=place, switched_at=clock.now())
    )


def write_texts(
    session: Session,
    model: str,
    texts: Mapping[int, tuple[int, Prepared | Packed]],
    vectors: VectorEngine | None = None,
) -> None:
    """Writes or replaces one model's texts: listing -> (revision it was made from, text).

    An engine that keeps vectors in the database gets them in this transaction.
    """
    if not texts:
        return
    statement = insert_into(session, SearchText)
    rows = [
        {
            "listing_id": listing_id,
            "model": model,
            "revision": revision,
            "prepared": prepared.to_bytes(),
        }
        for listing_id, (revision, prepared) in texts.items()
    ]
    renewing = statement.on_conflict_do_update(
        index_elements=[SearchText.listing_id, SearchText.model],
        set_={
            "revision": statement.excluded.revision,
            "prepared": statement.excluded.prepared,
        },
    )
    insert_many(session, SearchText, rows, renewing)
    store_vectors(session, model, texts, vectors)


def text_of(session: Session, listing_id: int, model: str) -> Prepared | None:
    """A live listing's text under a model; None when there is none that is up to date."""
    return texts_of(session, [listing_id], model).get(listing_id)


def texts_of(session: Session, ids: Collection[int], model: str) -> dict[int, Prepared]:
    """`text_of` for many in one statement; those without an up-to-date text are left out."""
    found = session.execute(
        select(SearchText.listing_id, SearchText.prepared)
        .join(SearchRow, SearchRow.listing_id == SearchText.listing_id)
        .where(
            SearchText.listing_id.in_(ids),
            SearchText.model == model,
            SearchText.revision == SearchRow.revision,
            SearchRow.live,
        )
    )
    return {listing_id: Prepared.from_bytes(value) for listing_id, value in found}


def _columns(item: Indexable) -> dict[str, Any]:
    conditions = item.document.conditions
    return {
        "board": Board(item.document.kind.value),
        "visibility": item.visibility,
        "organisation_id": item.organisation_id,
        "industry": conditions.industry,
        "chain": conditions.chain,
        "region": conditions.region,
        "modes": sorted(conditions.modes),
        "trl": conditions.trl,
        "deadline": conditions.deadline,
        "education": conditions.education,
        "money_low": conditions.money_low,
        "money_high": conditions.money_high,
    }


def retire_row(session: Session, listing_id: int) -> None:
    """Takes a listing out of the index in this transaction; nothing of its text is kept."""
    row = session.get(SearchRow, listing_id)
    if row is not None and row.live:
        row.revision, row.live = next_revision(session), False
        session.flush()
        session.execute(delete(SearchText).where(SearchText.listing_id == listing_id))


_READ = (
    SearchRow.listing_id,
    SearchRow.revision,
    SearchRow.live,
    SearchRow.board,
    SearchRow.visibility,
    SearchRow.organisation_id,
    SearchRow.industry,
    SearchRow.chain,
    SearchRow.region,
    SearchRow.modes,
    SearchRow.trl,
    SearchRow.money_low,
    SearchRow.money_high,
    SearchRow.deadline,
    SearchRow.education,
    SearchText.prepared,
)
"""What the index is made from: columns, as objects of every row would cost more than the rest."""


def attributes(row: Any) -> Attributes:
    """The filter columns of a search row as the engine keeps them."""
    return Attributes(
        visibility=row.visibility,
        organisation=row.organisation_id or 0,
        industry=row.industry,
        chain=row.chain,
        region=row.region,
        modes=frozenset(row.modes),
        trl=row.trl,
        money_low=row.money_low,
        money_high=row.money_high,
        deadline=row.deadline,
        education=row.education,
    )


class State(NamedTuple):
    """What a process asks before it answers."""

    revision: int
    """The newest one."""
    model: str | None
    """Fingerprint of the encoder that serves."""
    place: str | None
    """Where that encoder is, as the settings gave it; none for the bundled one."""
    database: str
    """Identity of the database."""


def state(session: Session) -> State:
    """One cheap query."""
    found = session.execute(
        select(
            SearchRevision.value,
            SearchRevision.model,
            SearchRevision.model_place,
            SearchRevision.database,
        ).where(SearchRevision.id == 1)
    ).one_or_none()
    return State(0, None, None, "unknown") if found is None else State(*found)


Unpack = Callable[[bytes], Prepared]
"""`Prepared.from_bytes`, or something quicker that gives the same."""


def replay(
    session: Session,
    engine: Engine,
    reached: int,
    newest: int,
    unpack: Unpack = Prepared.from_bytes,
) -> None:
    """Brings an engine from one revision to another."""
    while reached < newest:
        rows = session.execute(
            select(*_READ)
            .select_from(SearchRow)
            .outerjoin(
                SearchText,
                and_(
                    SearchText.listing_id == SearchRow.listing_id,
                    SearchText.revision == SearchRow.revision,
                    SearchText.model == engine.encoder.fingerprint,
                ),
            )
            .where(SearchRow.revision > reached, SearchRow.revision <= newest)
            .order_by(SearchRow.revision)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        _apply(engine, rows, unpack)
        reached = rows[-1].revision


def _apply(engine: Engine, rows: Sequence[Any], unpack: Unpack) -> None:
    by_board: dict[Board, list[Any]] = {}
    for row in rows:
        by_board.setdefault(row.board, []).append(row)
    for board, mine in by_board.items():
        fresh = [row for row in mine if row.live and row.prepared is not None]
        if missing := sum(row.live for row in mine) - len(fresh):
            log.warning("rows_of_another_model", board=board.value, rows=missing)
        kept = {row.listing_id for row in fresh}
        engine.apply(
            Kind(board.value),
            [(row.listing_id, unpack(row.prepared), attributes(row)) for row in fresh],
            [row.listing_id for row in mine if row.listing_id not in kept],
        )


def stale_ids(session: Session, model: str, limit: int) -> dict[int, int]:
    """Live listings without an up-to-date text of this model, with their revisions."""
    rows = session.execute(_stale(model, SearchRow.listing_id, SearchRow.revision).limit(limit))
    return {listing_id: revision for listing_id, revision in rows}


def stale_rows(session: Session, model: str) -> int:
    """How many those are."""
    return int(session.scalar(_stale(model, func.count())) or 0)


def _stale(model: str, *columns: Any) -> Select[Any]:
    up_to_date = and_(
        SearchText.listing_id == SearchRow.listing_id,
        SearchText.model == model,
        SearchText.revision == SearchRow.revision,
    )
    return (
        select(*columns)
        .select_from(SearchRow)
        .outerjoin(SearchText, up_to_date)
        .where(SearchRow.live, SearchText.listing_id.is_(None))
    )


def revisions(session: Session, ids: Collection[int]) -> dict[int, int]:
    """The revision of each live row among `ids`."""
    rows = session.execute(
        select(SearchRow.listing_id, SearchRow.revision).where(
            SearchRow.listing_id.in_(ids), SearchRow.live
        )
    )
    return {listing_id: revision for listing_id, revision in rows}
