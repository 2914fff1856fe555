"""The only door to matching: publish, withdraw, search, explain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from jiebang.config import Settings
from jiebang.core import clock
from jiebang.core.boards import Board
from jiebang.core.permissions import ANONYMOUS, Actor
from jiebang.db import Database
from matching.documents import Document, Kind
from matching.encoder import Encoder
from matching.engine import Engine, Filter, Match, Packed, Prepared, version_of
from matching.explain import Explanation
from matching.mutual import joint
from matching.pairs import Asking, rank_block

from .encoders import Encoders, SearchUnavailable
from .index import LiveIndex, pid
from .models import SearchRow
from .provider import Card, Indexable, Provider
from .rankings import RankingStore
from .rows import OtherModel, retire_row, state, text_of, texts_of, write_rows
from .vectors import vector_engine

log = structlog.get_logger()

WEAK = frozenset({"强", "较强", "弱"})
"""Levels worth showing; 无 is an empty list with advice, not ten weak ones."""


@dataclass(frozen=True, slots=True)
class Found:
    """A match that the viewer may see, and why."""

    card: Card
    match: Match
    explanation: Explanation | None
    document: Document | None = None
    """The public text that was explained."""
    theirs: Match | None = None
    """How the asking listing looks from this one's side, where both are on the boards."""

    @property
    def joint(self) -> float:
        """What the pair is worth to both (`matching.mutual.joint`); from one side alone its own."""
        return joint(self.match.score, self.theirs.score) if self.theirs else self.match.score


class Discovery:
    """One per process. The model and the index are loaded at the first question."""

    def __init__(self, settings: Settings, database: Database) -> None:
        """SettingsError when the database cannot keep vectors although the settings ask for it,
        or the operator's terms cannot be read."""
        self.settings = settings
        self.database = database
        self.encoders = Encoders(settings)
        self.rankings = RankingStore(settings.home / "ranking")
        self.vectors = vector_engine(settings, database)
        self.provider: Provider
        self._live: LiveIndex | None = None
        self._owner = self._warm = 0
        self._lock = threading.RLock()

    def warm(self) -> None:
        """Loads model, dictionary and index, once a process; without a model it does nothing.

        For whoever is about to write: on SQLite everybody waits for what is done within a writing
        transaction, and a process that has just started needs seconds for this.
        """
        if self._warm == pid():
            return
        with suppress(SearchUnavailable):
            self.live.engine.prepare("先载入词典", "与模型")
            self.live.catch_up()
        self._warm = pid()

    @property
    def live(self) -> LiveIndex:
        """This process's index; SearchUnavailable says what to do when there is no model."""
        with self._lock:
            if self._live is None:
                engine = Engine(self.configured, self.rankings.current(), self.vectors)
                self._live = LiveIndex(
                    self.database, engine, self.settings.snapshots, self.encoders.of
                )
                self._owner = pid()
            elif self._owner != pid():
                self._live.after_fork()
                self._owner = pid()
            fusion = self.rankings.current()
            if fusion is not self._live.engine.fusion:
                self._live.engine.use(fusion)
            return self._live

    def version(self, session: Session) -> str | None:
        """Encoder and ranking that lists are made with now, as suggestions remember theirs; None
        before the first listing. Needs no model."""
        model = state(session).model
        return version_of(model, self.rankings.current()) if model else None

    @property
    def configured(self) -> Encoder:
        """The encoder of the settings, which may not be the one that serves yet."""
        return self.encoders.configured

    # Writing

    def publish(self, session: Session, item: Indexable) -> int:
        """Makes a listing findable in this transaction; returns its revision."""
        return self.publish_many(session, [item])[0]

    def publish_many(
        self,
        session: Session,
        items: Sequence[Indexable],
        ready: Mapping[tuple[str, str], Packed] | None = None,
    ) -> list[int]:
        """The same for many: texts are encoded in one batch, except those that are `ready`.

        With the model that serves: when that is another one by now, this process follows.
        """
        engine = self.live.engine
        try:
            return self._write(session, items, ready or {}, engine)
        except OtherModel:
            self.live.catch_up()
        return self._write(session, items, ready or {}, self.live.engine, take_over=True)

    def _write(
        self,
        session: Session,
        items: Sequence[Indexable],
        ready: Mapping[tuple[str, str], Packed],
        engine: Engine,
        *,
        take_over: bool = False,
    ) -> list[int]:
        model = engine.encoder.fingerprint
        texts = [(item.document.title, item.document.body) for item in items]
        made: dict[tuple[str, str], Prepared | Packed] = {
            text: ready[text] for text in texts if text in ready and ready[text].model == model
        }
        missing = [text for text in dict.fromkeys(texts) if text not in made]
        made.update(zip(missing, engine.prepare_many(missing), strict=True))
        return write_rows(
            session,
            items,
            [made[text] for text in texts],
            model,
            self.settings.model,
            vectors=self.vectors,
            take_over=take_over,
        )

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
        return self._search(session, document, board, viewer, k, where, explain)

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
        where = replace(where or Filter(), exclude_organisation=item.organisation_id)
        return self._search(session, item.document, board, viewer, k, where, explain)

    def _search(
        self,
        session: Session,
        query: Document,
        board: Board,
        viewer: Actor,
        k: int,
        where: Filter | None,
        explain: bool,
    ) -> list[Found]:
        live = self.live
        where = self.visible(session, where or Filter(), viewer)
        prepared = self.prepared(session, query)
        matches = live.search(prepared, Kind(board.value), k, where, query.conditions)
        matches = [match for match in matches if match.level in WEAK]
        ids = [match.id for match in matches]
        cards = self.provider.cards(session, ids, viewer)
        if not explain:  # a long list needs no texts
            return [Found(cards[match.id], match, None) for match in matches if match.id in cards]
        texts = {n: one.document for n, one in self.provider.indexables(session, ids).items()}
        shown = [match for match in matches if match.id in cards and match.id in texts]
        why = live.engine.explain_many(query, [texts[match.id] for match in shown])
        return [
            Found(cards[match.id], match, reasons, texts[match.id])
            for match, reasons in zip(shown, why, strict=True)
        ]

    def both_ways(self, session: Session, item: Indexable, found: Sequence[Found]) -> list[Found]:
        """Explained matches of a published listing with the other side's view of it, the best for
        both first. Of a listing that is on no board, a draft say, they stay as they are.
        """
        where = Filter(max_visibility=2, only_ids=frozenset({item.document.id}))
        documents, kind = {e.card.id: e.document for e in found if e.document}, item.document.kind
        seen: dict[int, Match] = {}
        with self.live.present() as engine:
            texts = texts_of(session, documents, engine.encoder.fingerprint)
            for key in texts:
                for match in engine.search(texts[key], kind, 1, where, documents[key].conditions):
                    seen[key] = match
        both = [replace(each, theirs=seen.get(each.card.id)) for each in found]
        return sorted(both, key=lambda each: -each.joint)  # stable: equals keep their own order

    def rank(
        self, session: Session, item: Indexable, board: Board, k: int, where: Filter
    ) -> list[Match]:
        """The bare ranked list for a published listing, weak levels left out."""
        live = self.live
        where = replace(where, exclude_organisation=item.organisation_id, open_on=clock.today())
        document = item.document
        prepared = self.prepared(session, document)
        matches = live.search(prepared, Kind(board.value), k, where, document.conditions)
        return [match for match in matches if match.level in WEAK]

    def rank_many(
        self, session: Session, items: Sequence[Indexable], board: Board, k: int, where: Filter
    ) -> list[list[Match]]:
        """`rank` for many listings in one pass over the board's vectors."""
        today, asking = clock.today(), []
        with self.live.present() as engine:
            for item in items:
                narrowed = replace(where, exclude_organisation=item.organisation_id, open_on=today)
                prepared = self.prepared(session, item.document)(engine)
                asking.append(Asking(prepared, narrowed, item.document.conditions))
            lists = rank_block(engine, Kind(board.value), asking, k)
        return [[match for match in found if match.level in WEAK] for found in lists]

    def pair(
        self, session: Session, listing_id: int, other_id: int, viewer: Actor
    ) -> tuple[Found, Document] | None:
        """The argument for one pair, as for a match: the other listing, why, and the text asked
        with. None unless the viewer may see both listings now, or where they share nothing."""
        ids = {listing_id, other_id}
        cards, items = self.provider.cards(session, ids, viewer), None
        if set(cards) == ids:
            items = self.provider.indexables(session, ids)
        if items is None or set(items) != ids:
            return None
        query = items[listing_id].document
        where = Filter(max_visibility=2, only_ids=frozenset({other_id}))
        kind = Kind(items[other_id].document.kind.value)
        prepared = self.prepared(session, query)
        matches = self.live.search(prepared, kind, 1, where, query.conditions)
        if not matches:
            return None
        other = items[other_id].document
        one = Found(cards[other_id], matches[0], self.live.engine.explain(query, other), other)
        (found,) = self.both_ways(session, items[listing_id], [one])
        return found, query

    def parts(
        self, session: Session, listing_id: int, other_id: int
    ) -> tuple[dict[str, float], str]:
        """What the ranking saw of a pair, and the version that looked: feedback keeps both.

        Empty when one of the two is no longer in the index.
        """
        live = self.live
        row, other = session.get(SearchRow, listing_id), session.get(SearchRow, other_id)
        if row is None or other is None or not (row.live and other.live):
            return {}, live.engine.version
        stored = text_of(session, listing_id, live.engine.encoder.fingerprint)
        if stored is None:  # another model has begun to serve: the next question finds it
            return {}, live.engine.version

        def prepared(engine: Engine) -> Prepared:
            return text_of(session, listing_id, engine.encoder.fingerprint) or stored

        return live.features(prepared, Kind(other.board.value), other_id), live.engine.version

    @staticmethod
    def prepared(session: Session, document: Document) -> Callable[[Engine], Prepared]:
        """What is stored of a listing, or made of any other text, by the engine's model."""

        def prepared(engine: Engine) -> Prepared:
            stored = None
            if document.id:
                stored = text_of(session, document.id, engine.encoder.fingerprint)
            return stored or engine.prepare(document.title, document.body)

        return prepared

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
