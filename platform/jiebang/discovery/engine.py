"""The only door to matching: publish, withdraw, search, explain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.config import Settings
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.errors import DomainError
from jiebang.core.permissions import ANONYMOUS, Actor
from jiebang.db import Database
from matching.documents import Document, Kind
from matching.encoder import Encoder, ModelInvalid, ModelMissing, load_encoder
from matching.engine import Engine, Filter, Match, Prepared
from matching.explain import Explanation

from .index import LiveIndex, pid, retire_row, write_rows
from .models import SearchRow
from .provider import Card, Indexable, Provider
from .rankings import RankingStore

log = structlog.get_logger()

WEAK = frozenset({"强", "较强", "弱"})
"""Levels worth showing; 无 is an empty list with advice, not ten weak ones."""


@dataclass(frozen=True, slots=True)
class Found:
    """A match that the viewer may see, and why."""

    card: Card
    match: Match
    explanation: Explanation | None


class SearchUnavailable(ModelMissing, DomainError):
    """There is no usable model. As a text it is the advice for whoever runs the machine; pages
    show `message`, which tells visitors nothing of its folders."""

    status = 503

    def __init__(self, advice: str) -> None:
        super().__init__(advice)
        self.message = "搜索与匹配暂时不能使用：系统没有找到可用的匹配模型。"


class Discovery:
    """One per process. The model and the index are loaded at the first question."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.rankings = RankingStore(settings.home / "ranking")
        self.provider: Provider
        self._live: LiveIndex | None = None
        self._owner = 0
        self._lock = threading.Lock()

    @property
    def live(self) -> LiveIndex:
        """This process's index; SearchUnavailable says what to do when there is no model."""
        with self._lock:
            if self._live is None:
                engine = Engine(self._encoder(), self.rankings.current())
                self._live = LiveIndex(self.database, engine, self.settings.snapshots)
                self._owner = pid()
            elif self._owner != pid():
                self._live.after_fork()
                self._owner = pid()
            fusion = self.rankings.current()
            if fusion is not self._live.engine.fusion:
                self._live.engine.use(fusion)
            return self._live

    def _encoder(self) -> Encoder:
        try:
            return load_encoder(self.settings.model)
        except (ModelMissing, ModelInvalid) as error:
            log.error("model_unusable", reason=str(error))
            raise SearchUnavailable(str(error)) from error

    # Writing

    def publish(self, session: Session, item: Indexable) -> int:
        """Makes a listing findable in this transaction; returns its revision."""
        return self.publish_many(session, [item])[0]

    def publish_many(self, session: Session, items: Sequence[Indexable]) -> list[int]:
        """The same for many: texts are encoded in one batch."""
        engine = self.live.engine
        prepared = engine.prepare_many([(i.document.title, i.document.body) for i in items])
        return write_rows(session, items, prepared, engine.encoder.fingerprint)

    def withdraw(self, session: Session, listing_id: int) -> None:
        """Takes a listing out in this transaction."""
        retire_row(session, listing_id)

    # Asking

    def search_text(
        self,
        session: Session,
        text: str,
        board: Board,
        viewer: Actor = ANONYMOUS,
        k: int = 10,
        where: Filter | None = None,
        explain: bool = True,
    ) -> list[Found]:
        """Ranked listings of a board for free text; the text is kept nowhere.

        Its side is taken to be the opposite of the board searched: who asks a board of outcomes
        has a need.
        """
        title, _, rest = text.strip().partition("\n")
        if len(title) > 60:  # one long paragraph is a body, not a title
            title, rest = "", text.strip()
        document = Document(0, Kind(board.opposite.value), title, rest)
        return self._search(session, document, None, board, viewer, k, where, explain)

    def search_listing(
        self,
        session: Session,
        item: Indexable,
        board: Board,
        viewer: Actor,
        k: int = 10,
        where: Filter | None = None,
        explain: bool = True,
    ) -> list[Found]:
        """Ranked counterparts of a listing, drafts included (its public text is the query)."""
        row = session.get(SearchRow, item.document.id)
        prepared = None
        if row is not None and row.live and row.model == self.live.engine.encoder.fingerprint:
            prepared = Prepared.from_bytes(row.prepared)
        where = replace(where or Filter(), exclude_organisation=item.organisation_id)
        return self._search(session, item.document, prepared, board, viewer, k, where, explain)

    def _search(
        self,
        session: Session,
        query: Document,
        prepared: Prepared | None,
        board: Board,
        viewer: Actor,
        k: int,
        where: Filter | None,
        explain: bool,
    ) -> list[Found]:
        engine = self.live.engine
        where = self.visible(session, where or Filter(), viewer)
        matches = self.live.search(
            prepared or engine.prepare(query.title, query.body),
            Kind(board.value),
            k,
            where,
            query.conditions,
        )
        matches = [match for match in matches if match.level in WEAK]
        ids = [match.id for match in matches]
        cards = self.provider.cards(session, ids, viewer)
        if not explain:  # a long list needs no texts
            return [Found(cards[match.id], match, None) for match in matches if match.id in cards]
        items = self.provider.indexables(session, ids)
        return [
            Found(cards[match.id], match, engine.explain(query, items[match.id].document))
            for match in matches
            if match.id in cards and match.id in items
        ]

    def rank(
        self, session: Session, item: Indexable, board: Board, k: int, where: Filter
    ) -> list[Match]:
        """The bare ranked list for a published listing, weak levels left out."""
        live = self.live
        where = replace(where, exclude_organisation=item.organisation_id, open_on=clock.today())
        document = item.document
        row = session.get(SearchRow, document.id)
        prepared = Prepared.from_bytes(row.prepared) if row is not None and row.live else None
        if prepared is None:
            prepared = live.engine.prepare(document.title, document.body)
        matches = live.search(prepared, Kind(board.value), k, where, document.conditions)
        return [match for match in matches if match.level in WEAK]

    def parts(
        self, session: Session, listing_id: int, other_id: int
    ) -> tuple[dict[str, float], str]:
        """What the ranking saw of a pair, and the version that looked: feedback keeps both.

        Empty when one of the two is no longer in the index.
        """
        live = self.live
        row, other = session.get(SearchRow, listing_id), session.get(SearchRow, other_id)
        fingerprint = live.engine.encoder.fingerprint
        if row is None or other is None or not (row.live and other.live):
            return {}, live.engine.version
        if row.model != fingerprint or other.model != fingerprint:
            return {}, live.engine.version
        prepared = Prepared.from_bytes(row.prepared)
        return live.features(prepared, Kind(other.board.value), other_id), live.engine.version

    @staticmethod
    def board_of(item: Indexable) -> Board:
        """The board of an indexable listing."""
        return Board(item.document.kind.value)

    def visible(self, session: Session, where: Filter, viewer: Actor) -> Filter:
        """Narrows a filter to what the viewer may see and what is still open."""
        return replace(
            where,
            max_visibility=0 if viewer.user_id is None else 1,
            allowed_ids=self.provider.invited_ids(session, viewer) or None,
            open_on=clock.today(),
        )

    # Care

    def rebuild(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Encodes every published listing anew and retires what is no longer published.

        Works in transactions of 500, so that others may go on working; returns how many rows were
        written. What is published meanwhile writes its own row.
        """
        with self.database.reading() as session:
            ids = self.provider.all_ids(session)
            live = set(session.scalars(select(SearchRow.listing_id).where(SearchRow.live)))
        done = 0
        for start in range(0, len(ids), 500):
            with self.database.transaction() as session:
                items = self.provider.indexables(session, ids[start : start + 500])
                self.publish_many(session, list(items.values()))
                done += len(items)
            if progress is not None:
                progress(min(start + 500, len(ids)), len(ids))
        self._retire(live - set(ids))
        self.live.reset()
        self.live.save_snapshot(force=True)
        return done

    def _retire(self, ids: Collection[int]) -> None:
        if ids:
            with self.database.transaction() as session:
                still = self.provider.indexables(session, ids)
                for listing_id in ids:
                    if listing_id not in still:
                        retire_row(session, listing_id)
