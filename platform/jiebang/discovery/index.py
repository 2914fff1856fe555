"""This process's copy of the index: caught up with the database before it answers."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from indexes import snapshot
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
        self._saved = 0  # the revision of the snapshot that this stands on
        self._looked = 0  # the revision at which a newer snapshot was last looked for
        self._lock = threading.RLock()
        self._adopting = threading.Lock()

    def catch_up(self) -> int:
        """Reads every change that is committed by now; returns the revision reached.

        It reads in a session of its own: the caller's uncommitted changes are nobody's business.
        """
        with self._lock, self.database.reading() as session:
            newest = _newest(session)
            if self.revision < 0:
                self._start(session, newest)
            if newest > self.revision:
                _replay(session, self.engine, self.revision, newest)
                self.revision = newest
            if self.revision - max(self._saved, self._looked) >= SNAPSHOT_AFTER:
                self._looked = self.revision
                self._adopt_later()
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
        self.revision = 0
        loaded = self._load(session, newest)
        if loaded is not None:
            self.engine, self.revision = loaded
            self._saved = self.revision

    def _load(self, session: Session, newest: int) -> tuple[Engine, int] | None:
        """A new engine from the snapshot, and its revision; one that does not fit is discarded."""
        source = _source(session)
        folder = self._snapshots / source
        if not folder.exists():
            return None
        engine = self._empty()
        try:
            revision = engine.load(folder, source)
            if revision > newest:
                raise SnapshotInvalid(f"快照版本 {revision} 比数据库 {newest} 新")
        except SnapshotInvalid as error:
            # a cache that does not fit is rebuilt from the database, never trusted
            log.warning("snapshot_discarded", reason=str(error))
            # after a restored backup a snapshot from the time after it would fit again one day
            shutil.rmtree(folder, ignore_errors=True)
            return None
        return engine, revision

    def _empty(self) -> Engine:
        return Engine(self.engine.encoder, self.engine.vectors)

    def save_snapshot(self, *, force: bool = False) -> bool:
        """Writes a snapshot when enough has changed since the last one, and stands on it then.

        Searches go on meanwhile: only what is written is noted under the lock.
        """
        revision = self.catch_up()
        with self._lock:
            enough = max(SNAPSHOT_AFTER, len(self.engine) // 100)
            if not force and revision - self._saved < enough:
                return False
            with self.database.reading() as session:
                source = _source(session)
            write = self.engine.freeze(self.revision, source)
        write(self._snapshots / source)
        self.adopt()
        return True

    def _adopt_later(self) -> None:
        """Looks, beside the searches, for a snapshot that another process has written."""
        if not self._adopting.locked():
            threading.Thread(target=self._try_to_adopt, name="index", daemon=True).start()

    def _try_to_adopt(self) -> None:
        try:
            self.adopt()
        except (SQLAlchemyError, OSError) as error:
            log.warning("snapshot_not_adopted", error=type(error).__name__)

    def adopt(self) -> bool:
        """Stands on the current snapshot when it is newer than what this process stands on.

        It is loaded and brought up to date beside the one in use and takes its place in a moment:
        what lay in this process's memory then lies in files that all processes share.
        """
        with self._adopting, self.database.reading() as session:
            try:
                about = snapshot.manifest(self._snapshots / _source(session))
            except SnapshotInvalid:
                return False
            newest = _newest(session)
            if int(about.get("revision", 0)) <= self._saved:
                return False
            loaded = self._load(session, newest)
            if loaded is None:
                return False
            engine, revision = loaded
            _replay(session, engine, revision, newest)
        with self._lock, self.database.reading() as session:
            if self.revision < 0 or engine.encoder is not self.engine.encoder:
                return False
            last = max(_newest(session), self.revision)
            _replay(session, engine, newest, last)
            self.engine, self.revision, self._saved = engine, last, revision
        return True

    def reset(self) -> None:
        """Forgets everything; the next question reads the database from the start."""
        with self._lock:
            self.engine = self._empty()
            self.revision = 0
            self._saved = self._looked = 0

    def after_fork(self) -> None:
        """A FAISS search before fork hangs the child (facebookresearch/faiss#5206): start anew."""
        self._lock, self._adopting = threading.RLock(), threading.Lock()
        self.engine = self._empty()
        self.revision = -1
        self._saved = self._looked = 0


def _newest(session: Session) -> int:
    return session.scalar(select(SearchRevision.value).where(SearchRevision.id == 1)) or 0


def _source(session: Session) -> str:
    """The identity of the database: the name of the snapshot's folder, and part of it."""
    found = session.scalar(select(SearchRevision.database).where(SearchRevision.id == 1))
    return found or "unknown"


def _replay(session: Session, engine: Engine, reached: int, newest: int) -> None:
    """Brings an engine from one revision to another."""
    while reached < newest:
        rows = session.scalars(
            select(SearchRow)
            .where(SearchRow.revision > reached, SearchRow.revision <= newest)
            .order_by(SearchRow.revision)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        _apply(engine, rows)
        reached = rows[-1].revision
        session.expunge_all()


def _apply(engine: Engine, rows: Sequence[SearchRow]) -> None:
    model = engine.encoder.fingerprint
    for board in Board:
        mine = [row for row in rows if row.board is board]
        if not mine:
            continue
        fresh = [row for row in mine if row.live and row.model == model]
        if stale := sum(row.live for row in mine) - len(fresh):
            log.warning("rows_of_another_model", board=board.value, rows=stale)
        kept = {row.listing_id for row in fresh}
        engine.apply(
            Kind(board.value),
            [(row.listing_id, Prepared.from_bytes(row.prepared), attributes(row)) for row in fresh],
            [row.listing_id for row in mine if row.listing_id not in kept],
        )


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
