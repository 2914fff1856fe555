"""This process's copy of the index: caught up with the database before it answers."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from indexes import snapshot
from jiebang import memory
from jiebang.db import Database
from matching.documents import Conditions, Kind
from matching.encoder import Encoder
from matching.engine import Engine, Filter, Match, Prepared, SnapshotInvalid
from matching.features import FEATURES

from .rows import State, Unpack, replay, state
from .vectors import fill, one_moment, without_vectors

log = structlog.get_logger()
SNAPSHOT_AFTER = 500
"""Changes after which the worker writes a new snapshot: replaying fewer costs under a second."""

Encoders = Callable[[str, str | None], Encoder | None]
"""Loads the encoder of a fingerprint from its place; none when it is no longer there."""


class LiveIndex:
    """The engine of one process and how far it has read. Safe for several threads."""

    def __init__(
        self, database: Database, engine: Engine, snapshots: Path, encoders: Encoders
    ) -> None:
        self.database = database
        self.engine = engine
        self._encoders = encoders
        self._missing: str | None = None  # a model that serves and that cannot be loaded here
        self.unpack: Unpack = Prepared.from_bytes
        self.revision = -1
        self._snapshots = snapshots
        self._saved = 0  # the revision of the snapshot that this stands on
        self._looked = 0  # the revision at which a newer snapshot was last looked for
        self._filled = 0  # up to here the database was seen to hold all vectors, if it is to
        self._lock = threading.RLock()
        self._adopting = threading.Lock()

    def catch_up(self) -> int:
        """Reads every change that is committed by now; returns the revision reached.

        It reads in a session of its own: the caller's uncommitted changes are nobody's business.
        """
        with self.present():
            return self.revision

    @contextmanager
    def present(self) -> Iterator[Engine]:
        """Within, no other thread changes the index, which is caught up; an engine that keeps its
        vectors in the database reads them as they were at the revision reached."""
        with self._lock:
            while True:
                with self.database.reading() as session:
                    if self.engine.vectors.durable:
                        one_moment(session)
                    with self.engine.vectors.reading(session.connection()):
                        self._read(session)
                        left_out = self._left_out(session)
                        if not left_out:
                            yield self.engine
                            return
                # written by a process that keeps its vectors elsewhere, or before the table was
                fill(self.database, self.engine.vectors, left_out)

    def _left_out(self, session: Session) -> list[int]:
        """Listings without their vectors in the database, though they should be there."""
        if not self.engine.vectors.durable or self._filled == self.revision:
            return []
        model = self.engine.encoder.fingerprint
        found = without_vectors(session, model, self._filled, self.revision)
        if not found:
            self._filled = self.revision
        return found

    def _read(self, session: Session) -> None:
        now = state(session)
        if now.model not in (None, self.engine.encoder.fingerprint, self._missing):
            self._follow(now)
        if self.revision < 0:
            self._start(session, now)
        if now.revision > self.revision:
            replay(session, self.engine, self.revision, now.revision, self.unpack)
            self.revision = now.revision
        if self.revision - max(self._saved, self._looked) >= SNAPSHOT_AFTER:
            self._looked = self.revision
            self._adopt_later()

    def search(
        self,
        query: Callable[[Engine], Prepared],
        kind: Kind,
        k: int,
        where: Filter,
        conditions: Conditions | None,
    ) -> list[Match]:
        """Catches up and ranks under one lock: no other thread changes the index between.

        `query` prepares the question outside the lock, again if another model serves by then.
        """
        while True:
            asked = self.engine
            prepared = query(asked)
            with self.present():
                if self.engine.encoder is asked.encoder:
                    return self.engine.search(prepared, kind, k, where, conditions)

    def features(
        self, query: Callable[[Engine], Prepared], kind: Kind, listing_id: int
    ) -> dict[str, float]:
        """What the ranking sees of a query and one listing; empty when it is not on the board."""
        while True:
            asked = self.engine
            prepared = query(asked)
            with self.present():
                if self.engine.encoder is not asked.encoder:
                    continue
                try:
                    (found,) = self.engine.features(prepared, kind, [listing_id])
                except KeyError:
                    return {}
                return {name: float(value) for name, value in zip(FEATURES, found, strict=True)}

    def mentions(self, kind: Kind, words: Sequence[str], where: Filter) -> list[int]:
        """For each word, how many of the listings that pass contain it."""
        with self.present():
            return self.engine.mentions(kind, words, where)

    def _follow(self, now: State) -> None:
        """Another model serves: changes to it, or says that it cannot."""
        assert now.model is not None
        encoder = self._encoders(now.model, now.place)
        if encoder is None:
            log.error("model_missing", model=now.model, place=now.place)
            self._missing = now.model
            return
        self.engine = self.engine.empty(encoder)
        self.revision, self._saved, self._looked, self._filled = -1, 0, 0, 0

    def _start(self, session: Session, now: State) -> None:
        self.revision = 0
        loaded = self._load(session, now)
        if loaded is not None:
            self.engine, self.revision = loaded
            self._saved = self.revision
            memory.keep()

    def folder(self, database: str, engine: Engine | None = None) -> Path:
        """Where snapshots of this database lie, for the model that serves or an engine's."""
        model = (engine or self.engine).encoder.fingerprint
        return self._snapshots / f"{database}-{model}"

    def _load(self, session: Session, now: State) -> tuple[Engine, int] | None:
        """A new engine from the snapshot, and its revision; one that does not fit is discarded."""
        folder = self.folder(now.database)
        if not folder.exists():
            return None
        engine = self.engine.empty()
        try:
            revision = engine.load(folder, now.database)
            if revision > now.revision:
                raise SnapshotInvalid(f"快照版本 {revision} 比数据库 {now.revision} 新")
        except SnapshotInvalid as error:
            # a cache that does not fit is rebuilt from the database, never trusted
            log.warning("snapshot_discarded", reason=str(error))
            # after a restored backup a snapshot from the time after it would fit again one day
            shutil.rmtree(folder, ignore_errors=True)
            return None
        return engine, revision

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
                source = state(session).database
            write, folder = self.engine.freeze(self.revision, source), self.folder(source)
        write(folder)
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
            now = state(session)
            try:
                about = snapshot.manifest(self.folder(now.database))
            except SnapshotInvalid:
                return False
            if int(about.get("revision", 0)) <= self._saved:
                return False
            loaded = self._load(session, now)
            if loaded is None:
                return False
            engine, revision = loaded
            replay(session, engine, revision, now.revision)
        with self._lock, self.database.reading() as session:
            if self.revision < 0 or engine.encoder is not self.engine.encoder:
                return False
            last = max(state(session).revision, self.revision)
            replay(session, engine, now.revision, last)
            self.engine, self.revision, self._saved = engine, last, revision
        memory.keep()
        return True

    def reset(self) -> None:
        """Forgets everything; the next question reads the database from the start."""
        with self._lock:
            self.engine = self.engine.empty()
            self.revision = 0
            self._saved = self._looked = self._filled = 0

    def after_fork(self) -> None:
        """A FAISS search before fork hangs the child (facebookresearch/faiss#5206): start anew."""
        self._lock, self._adopting = threading.RLock(), threading.Lock()
        self.engine = self.engine.empty()
        self.revision = -1
        self._saved = self._looked = self._filled = 0


def pid() -> int:
    """This process; an index that belongs to another one was inherited by fork."""
    return os.getpid()
