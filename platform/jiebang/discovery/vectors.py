"""Where vectors are kept: in each process (FAISS), or in the database beside their texts.

With pgvector they are written in the transaction that writes the text, and a search reads them in
one snapshot with the revision it has caught up to. A row that somebody wrote without them (a
machine with another engine, or everything from before the change of engine) is completed from the
stored text by whoever catches up with it first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from indexes.vectors import FaissEngine, StoredVector, VectorEngine
from jiebang.config import Settings, SettingsError
from jiebang.db import Database
from matching.engine import VECTOR_SHARDS, Packed, Prepared, named_vectors

from .models import SearchRow, SearchText

BATCH = 200
OWNER = "search_text (listing_id, model)"
"""Whose rows the vectors belong to."""


def vector_engine(settings: Settings, database: Database) -> VectorEngine:
    """The engine that the settings name; SettingsError says what the database lacks."""
    if settings.vector_engine == "faiss":
        return FaissEngine()
    from indexes import pgvector

    try:
        pgvector.prepare(database.engine, VECTOR_SHARDS, OWNER)
    except pgvector.Unusable as error:
        raise SettingsError([f"JIEBANG_VECTOR_ENGINE：{error}"]) from error
    return pgvector.PgvectorEngine(database.engine)


def vectors_lacking(settings: Settings, database: Database) -> list[str]:
    """What the engine's first start would make in the database, by name; nothing is made here.
    SettingsError as `vector_engine`."""
    if settings.vector_engine == "faiss":
        return []
    from indexes import pgvector

    try:
        return pgvector.lacking(database.engine, VECTOR_SHARDS)
    except pgvector.Unusable as error:
        raise SettingsError([f"JIEBANG_VECTOR_ENGINE：{error}"]) from error


def store_vectors(
    session: Session,
    model: str,
    texts: Mapping[int, tuple[int, Prepared | Packed]],
    vectors: VectorEngine | None,
) -> None:
    """Writes the vectors of texts just written, in the same transaction, where the engine keeps
    them in the database: listing -> (revision, text)."""
    if vectors is None or not vectors.durable or not texts:
        return
    boards = session.execute(
        select(SearchRow.listing_id, SearchRow.board).where(SearchRow.listing_id.in_(texts))
    )
    rows = []
    for listing_id, board in boards:
        revision, prepared = texts[listing_id]
        rows += [
            StoredVector(board.value, name, listing_id, len(vector), vector, revision)
            for name, vector in named_vectors(prepared.unpacked()).items()
        ]
    vectors.of(model).store(session.connection(), rows)


def one_moment(session: Session) -> None:
    """Everything that this fresh session reads is of one moment (PostgreSQL; a reading
    transaction of SQLite is that anyhow)."""
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def without_vectors(session: Session, model: str, after: int, newest: int) -> list[int]:
    """Listings of a range of revisions whose text stands there without its vectors."""
    from indexes.pgvector import VECTORS

    kept = VECTORS.c
    here = and_(
        kept.shard == func.concat(SearchRow.board, ".whole"),
        kept.model == SearchText.model,
        kept.listing_id == SearchText.listing_id,
        kept.revision == SearchText.revision,
    )
    return list(
        session.scalars(
            select(SearchText.listing_id)
            .join(SearchRow, SearchRow.listing_id == SearchText.listing_id)
            .where(
                SearchText.model == model,
                SearchText.revision > after,
                SearchText.revision <= newest,
                SearchText.revision == SearchRow.revision,
                SearchRow.live,
                ~select(kept.listing_id).where(here).exists(),
            )
        )
    )


def fill(database: Database, vectors: VectorEngine, ids: Sequence[int]) -> None:
    """Writes the vectors of these listings from their stored texts."""
    model = getattr(vectors, "model", "")
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        with database.transaction() as session:
            rows = session.execute(
                select(SearchText.listing_id, SearchText.revision, SearchText.prepared)
                .where(SearchText.listing_id.in_(some), SearchText.model == model)
                .with_for_update()  # a change that is under way writes its own
            )
            texts = {key: (revision, Prepared.from_bytes(text)) for key, revision, text in rows}
            store_vectors(session, model, texts, vectors)
