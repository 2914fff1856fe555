"""This process's copy of the index: caught up with the database before it answers."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from jiebang.core.boards import Board
from jiebang.db import Database
from matching.documents import Conditions, Kind
from matching.engine import Attributes, Engine, Filter, Match, Prepared, SnapshotInvalid
from matching.features import FEATURES

from .models import SearchRevision, SearchRow
from .provider import Indexable

log = structlog.get_logger()
BATCH = 200
"""Rows read at a time: each holds its words as Python strings until the index took them over."""
SNAPSHOT_AFTER = 500
"""Changes after which the worker writes a new snapshot: replaying fewer costs under a second."""


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
    session: Session, items: Sequence[Indexable], prepared: Sequence[Prepared], model: str
) -> list[int]:
    """Writes or replaces listings' search rows in this transaction; returns their revisions."""
    if not items:
        return []
    ids = [item.document.id for item in items]
    known = {
        row.listing_id: row
        for row in session.scalars(select(SearchRow).where(SearchRow.listing_id.in_(ids)))
    }
    first = next_revision(session, len(items))
    for revision, (item, each) in enumerate(zip(items, prepared, strict=True), first):
        row = known.get(item.document.id)
        if row is None:
            row = SearchRow(listing_id=item.document.id)
            session.add(row)
        _fill(row, item)
        row.revision, row.live, row.model = revision, True, model
        row.prepared = each.to_bytes()
    session.flush()
    return list(range(first, first + len(items)))


def _fill(row: SearchRow, item: Indexable) -> None:
    conditions = item.document.conditions
    row.board = Board(item.document.kind.value)
    row.visibility, row.organisation_id = item.visibility, item.organisation_id
    row.industry, row.chain, row.region = conditions.industry, conditions.chain, conditions.region
    row.modes = sorted(conditions.modes)
    row.trl, row.deadline, row.education = conditions.trl, conditions.deadline, conditions.education
    row.money_low, row.money_high = conditions.money_low, conditions.money_high


def retire_row(session: Session, listing_id: int) -> None:
    """Takes a listing out of the index in this transaction; nothing of its text is kept."""
    row = session.get(SearchRow, listing_id)
    if row is not None and row.live:
        row.revision, row.live, row.prepared = next_revision(session), False, b""
        session.flush()


def attributes(row: SearchRow) -> Attributes:
    """The filter columns of a row as the engine keeps them."""
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


class LiveIndex:
    """The engine of one process and how far it has read. Safe for several threads."""

    def __init__(self, database: Database, engine: Engine, snapshots: Path) -> None:
        self.database = database
        self.engine = engine
        self.revision = -1
        self._snapshots = snapshots
        self._saved = 0
        self._lock = threading.RLock()

    def catch_up(self) -> int:
        """Reads every change that is committed by now; returns the revision reached.

        It reads in a session of its own: the caller's uncommitted changes are nobody's business.
        """
        with self._lock, self.database.reading() as session:
            newest = session.scalar(select(SearchRevision.value).where(SearchRevision.id == 1)) or 0
            if self.revision < 0:
                self._start(session, newest)
            if newest > self.revision:
                for rows in self._changes(session, newest):
                    self._apply(rows)
                self.revision = newest
            return self.revision

    def search(
        self,
        query: Prepared,
        kind: Kind,
        k: int,
        where: Filter,
        conditions: Conditions,
    ) -> list[Match]:
        """Catches up and ranks under one lock: no other thread changes the index between."""
        with self._lock:
            self.catch_up()
            return self.engine.search(query, kind, k, where, conditions)

    def features(self, query: Prepared, kind: Kind, listing_id: int) -> dict[str, float]:
        """What the ranking sees of a query and one listing; empty when it is not on the board."""
        with self._lock:
            self.catch_up()
            try:
                (found,) = self.engine.features(query, kind, [listing_id])
            except KeyError:
                return {}
            return {name: float(value) for name, value in zip(FEATURES, found, strict=True)}

    def _start(self, session: Session, newest: int) -> None:
        source = self._source(session)
        folder = self._snapshots / source
        self.revision = 0
        if not folder.exists():
            return
        try:
            revision = self.engine.load(folder, source)
            if revision > newest:
                raise SnapshotInvalid(f"快照版本 {revision} 比数据库 {newest} 新")
        except SnapshotInvalid as error:
            # a cache that does not fit is rebuilt from the database, never trusted
            log.warning("snapshot_discarded", reason=str(error))
            self.engine = Engine(self.engine.encoder)
            # after a restored backup a snapshot from the time after it would fit again one day
            shutil.rmtree(folder, ignore_errors=True)
        else:
            self.revision = self._saved = revision

    @staticmethod
    def _source(session: Session) -> str:
        """The identity of the database: the name of the snapshot's folder, and part of it."""
        found = session.scalar(select(SearchRevision.database).where(SearchRevision.id == 1))
        return found or "unknown"

    def _changes(self, session: Session, newest: int) -> Iterator[Sequence[SearchRow]]:
        reached = self.revision
        while reached < newest:
            rows = session.scalars(
                select(SearchRow)
                .where(SearchRow.revision > reached, SearchRow.revision <= newest)
                .order_by(SearchRow.revision)
                .limit(BATCH)
            ).all()
            if not rows:
                return
            yield rows
            reached = rows[-1].revision
            session.expunge_all()

    def _apply(self, rows: Sequence[SearchRow]) -> None:
        model = self.engine.encoder.fingerprint
        for board in Board:
            mine = [row for row in rows if row.board is board]
            if not mine:
                continue
            fresh = [row for row in mine if row.live and row.model == model]
            if stale := sum(row.live for row in mine) - len(fresh):
                log.warning("rows_of_another_model", board=board.value, rows=stale)
            kept = {row.listing_id for row in fresh}
            self.engine.apply(
                Kind(board.value),
                [
                    (row.listing_id, Prepared.from_bytes(row.prepared), attributes(row))
                    for row in fresh
                ],
                [row.listing_id for row in mine if row.listing_id not in kept],
            )

    def save_snapshot(self, *, force: bool = False) -> bool:
        """Writes a snapshot when enough has changed since the last one."""
        revision = self.catch_up()
        with self._lock:
            if not force and revision - self._saved < SNAPSHOT_AFTER:
                return False
            with self.database.reading() as session:
                source = self._source(session)
            self.engine.save(self._snapshots / source, self.revision, source)
            self._saved = self.revision
        return True

    def reset(self) -> None:
        """Forgets everything; the next question reads the database from the start."""
        with self._lock:
            self.engine = Engine(self.engine.encoder)
            self.revision = 0
            self._saved = 0

    def after_fork(self) -> None:
        """A FAISS search before fork hangs the child (facebookresearch/faiss#5206): start anew."""
        self._lock = threading.RLock()
        self.engine = Engine(self.engine.encoder)
        self.revision = -1


def stale_rows(session: Session, model: str) -> int:
    """Live rows that another encoder made: `jiebang reindex` renews them."""
    return int(
        session.scalar(
            select(func.count())
            .select_from(SearchRow)
            .where(SearchRow.live, SearchRow.model != model)
        )
        or 0
    )


def pid() -> int:
    """This process; an index that belongs to another one was inherited by fork."""
    return os.getpid()


def revisions(session: Session, ids: Collection[int]) -> dict[int, int]:
    """The revision of each live row among `ids`."""
    rows = session.execute(
        select(SearchRow.listing_id, SearchRow.revision).where(
            SearchRow.listing_id.in_(ids), SearchRow.live
        )
    )
    return {listing_id: revision for listing_id, revision in rows}
