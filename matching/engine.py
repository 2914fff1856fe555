"""The engine: prepares texts, keeps the six boards in memory, searches and explains.

One engine serves a process; its methods may be called from several threads. The database is the
truth: an engine can always be filled again from the stored `Prepared` values.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from collections.abc import Collection as Ids
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes import snapshot, stored
from indexes.collection import Entry
from indexes.snapshot import SnapshotInvalid
from indexes.vectors import FaissEngine, VectorEngine
from matching import ranking
from matching.board import METHODS, Board, Match, Question
from matching.documents import Conditions, Document, Kind
from matching.encoder import Encoder, encode_two
from matching.explain import Explainer, Explanation
from matching.features import lexical_bag
from matching.filters import Attributes, Filter
from matching.fusion import Fusion, bundled
from matching.prepared import Packed, Prepared, PreparedInvalid
from matching.text import segment_many

__all__ = [
    "Attributes", "Engine", "Explanation", "Filter", "Match", "Packed", "Prepared",
    "PreparedInvalid", "SnapshotInvalid",
]  # fmt: skip

MAX_CHARACTERS = 20_000  # of a body; the rest of a longer text is not indexed
_SNAPSHOT = "jiebang-matching-4"


VECTOR_SHARDS = tuple(f"{kind.value}.{name}" for kind in Kind for name in ("whole", "title"))
"""What an engine that keeps vectors itself has to make room for."""


def named_vectors(prepared: Prepared) -> dict[str, NDArray[np.float32]]:
    """A listing's vectors by the names they have in the index."""
    titled = bool(prepared.title_segments)
    return {
        "whole": prepared.whole_vector,
        "title": prepared.title_vector if titled else prepared.whole_vector,
    }


def version_of(encoder: str, fusion: Fusion) -> str:
    """The name of an encoder (its fingerprint) and a ranking together."""
    return f"{encoder}+{fusion.version}"


class Engine:
    """Six boards under one encoder."""

    def __init__(
        self, encoder: Encoder, fusion: Fusion | None = None, vectors: VectorEngine | None = None
    ):
        self.encoder = encoder
        self.fusion = fusion or bundled()
        self.vectors = (vectors or FaissEngine()).of(encoder.fingerprint)
        self._lock = threading.RLock()
        self._boards = self._empty()
        self._explainer = Explainer(encoder, ranking.background())

    def empty(self, encoder: Encoder | None = None) -> Engine:
        """A new engine without listings, in all else like this one, or with another encoder."""
        return Engine(encoder or self.encoder, self.fusion, self.vectors)

    def _empty(self) -> dict[Kind, Board]:
        return {kind: Board(kind, self.encoder, self.fusion, self.vectors) for kind in Kind}

    def prepare(self, title: str, body: str) -> Prepared:
        """What to store for one listing, or the query for a search."""
        return self.prepare_many([(title, body)])[0]

    def prepare_many(self, texts: Sequence[tuple[str, str]]) -> list[Prepared]:
        """`prepare` for many (title, body) pairs; only the first MAX_CHARACTERS count."""
        fields = segment_many(field[:MAX_CHARACTERS] for text in texts for field in text)
        titles, bodies = fields[::2], fields[1::2]
        title_vectors, whole_vectors = encode_two(self.encoder, titles, bodies)
        return [
            Prepared(tuple(title), tuple(body), title_vectors[n], whole_vectors[n],
                     self.encoder.fingerprint)
            for n, (title, body) in enumerate(zip(titles, bodies, strict=True))
        ]  # fmt: skip

    def _entry(self, key: int, prepared: Prepared, attributes: Attributes) -> Entry:
        self._check(prepared)
        words = lexical_bag(prepared.title_segments + prepared.body_segments)
        titled = bool(prepared.title_segments)  # without a title the whole text stands for it
        return Entry(
            key,
            named_vectors(prepared),
            {"words": words, "title": lexical_bag(prepared.title_segments) if titled else words},
            attributes.numbers(),
            attributes.values(),
        )

    def _check(self, prepared: Prepared) -> None:
        if prepared.model and prepared.model != self.encoder.fingerprint:
            raise PreparedInvalid(
                "检索数据出自另一个模型，请重新生成（jiebang reindex）："
                f"{prepared.model} ≠ {self.encoder.fingerprint}"
            )

    def apply(
        self,
        kind: Kind,
        upserts: Sequence[tuple[int, Prepared, Attributes]],
        removes: Ids[int] = (),
    ) -> None:
        """Adds or replaces, and removes; visible in the very next search; all or nothing.

        Raises PreparedInvalid (made by another model) and indexes.checks.VectorInvalid (wrong
        dimension, NaN); then nothing has changed.
        """
        entries = [self._entry(*upsert) for upsert in upserts]
        with self._lock:
            self._boards[kind].collection.apply(entries, removes)

    @property
    def version(self) -> str:
        """Encoder and ranking, as suggestions and feedback remember them."""
        return version_of(self.encoder.fingerprint, self.fusion)

    def use(self, fusion: Fusion) -> None:
        """Ranks by other parameters from the next search on."""
        with self._lock:
            self.fusion = fusion
            for board in self._boards.values():
                board.fusion = fusion

    def board(self, kind: Kind) -> Board:
        """One board, for measuring and for runs over all of it; not guarded against `apply`."""
        return self._boards[kind]

    def __len__(self) -> int:
        """How many listings all boards hold."""
        return sum(len(board.collection) for board in self._boards.values())

    def size(self, kind: Kind) -> int:
        """How many listings a board holds."""
        return len(self._boards[kind].collection)

    def search(
        self,
        query: Prepared,
        kind: Kind,
        k: int = 10,
        where: Filter = Filter(),  # noqa: B008 (frozen)
        conditions: Conditions | None = None,
        method: str = "hybrid",
        proposed: NDArray[np.int64] | None = None,
    ) -> list[Match]:
        """The best listings of a board: min(k, those that pass `where` and share anything).

        `conditions` are the asking listing's; they move scores mildly and never hide a listing.
        `method`: "hybrid", "dense" or "lexical". Order: score, then the smaller id.
        Raises ValueError for another method, PreparedInvalid for a query of another model.
        """
        if method not in METHODS:
            raise ValueError(f"没有检索方法 {method!r}，只有 {'、'.join(METHODS)}。")
        self._check(query)
        with self._lock:
            asked = Question(query, k, where, conditions, method)
            return self._boards[kind].search(asked, proposed)

    def features(self, query: Prepared, kind: Kind, keys: Sequence[int]) -> NDArray[np.float64]:
        """(keys, FEATURES): what the ranking sees of a query and each of these listings.

        Raises KeyError for a listing that is not on the board.
        """
        self._check(query)
        with self._lock:
            return self._boards[kind].features(query, keys)

    def mentions(self, kind: Kind, words: Sequence[str], where: Filter) -> list[int]:
        """For each word (a segment), how many of the listings that pass `where` contain it."""
        with self._lock:
            return self._boards[kind].mentions(words, where)

    def explain(
        self, query: Document, document: Document, today: date | None = None
    ) -> Explanation:
        """Why the two match and what speaks against it; needs only the two texts."""
        return self._explainer.explain(query, document, today)

    def explain_many(
        self, query: Document, documents: Sequence[Document], today: date | None = None
    ) -> list[Explanation]:
        """`explain` of each document, in less time."""
        return self._explainer.explain_many(query, documents, today)

    def save(self, folder: Path, revision: int, source: str = "") -> None:
        """Writes a snapshot: aside, synced, renamed; raises OSError when the disk refuses.

        `source` names the database that was read; only a load that names the same one takes it.
        """
        self.freeze(revision, source)(folder)

    def freeze(self, revision: int, source: str = "") -> Callable[[Path], None]:
        """The same in two steps: what is saved is what stands here now, the writing comes when
        the returned function is called with the folder, and keeps no search waiting."""
        with self._lock:
            frozen = {kind: stored.Frozen(board.collection) for kind, board in self._boards.items()}
        about: dict[str, Any] = {
            "program": _SNAPSHOT,
            "model": self.encoder.fingerprint,
            "dim": self.encoder.dim,
            "counts": {kind.value: len(each) for kind, each in frozen.items()},
            "revision": revision,
            "source": source,
            "engine": self.vectors.name,
        }

        def fill(out: snapshot.Writer) -> None:
            for kind, each in frozen.items():
                each.write(out, kind.value)

        return lambda folder: snapshot.write(folder, fill, about)

    def load(self, folder: Path, source: str = "") -> int:
        """Takes over a snapshot and returns its revision.

        Raises SnapshotInvalid with the reason in Chinese; the engine is then empty.
        """
        with self._lock:
            self._boards = self._empty()
            try:
                manifest, files = snapshot.read(folder)
                self._accept(manifest, source)
                boards = self._empty()
                for kind, board in boards.items():
                    stored.restore(files, kind.value, board.collection)
                    if len(board.collection) != manifest["counts"][kind.value]:
                        raise ValueError(f"{kind.value} 应有 {manifest['counts'][kind.value]} 条")
                    board.ready()
                revision = int(manifest["revision"])
            except (KeyError, ValueError, TypeError, OverflowError) as error:
                raise SnapshotInvalid(f"快照内容不合规：{error}") from error
            self._boards = boards
            return revision

    def _accept(self, manifest: dict[str, Any], source: str) -> None:
        for name, expected in (
            ("program", _SNAPSHOT),
            ("model", self.encoder.fingerprint),
            ("dim", self.encoder.dim),
            ("source", source),
            ("engine", self.vectors.name),
        ):
            if manifest[name] != expected:
                raise SnapshotInvalid(f"快照的 {name} 是 {manifest[name]}，现在是 {expected}。")
