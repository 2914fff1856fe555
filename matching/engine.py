"""The engine: prepares texts, keeps the six boards in memory, searches and explains.

One engine serves a process; its methods may be called from several threads. The database is the
truth: an engine can always be filled again from the stored `Prepared` values.
"""

from __future__ import annotations

import threading
from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes import snapshot
from indexes.collection import Collection, Entry
from indexes.snapshot import SnapshotInvalid
from matching import ranking
from matching.documents import DEMAND_SIDE, Conditions, Document, Kind
from matching.encoder import Encoder, StaticEncoder
from matching.explain import Explainer, Explanation
from matching.filters import NUMBERS, VALUES, Attributes, Filter
from matching.prepared import Prepared, PreparedInvalid
from matching.text import segment

__all__ = [
    "Attributes", "Engine", "Explanation", "Filter", "Match", "Prepared", "PreparedInvalid",
    "SnapshotInvalid",
]  # fmt: skip

MAX_CHARACTERS = 20_000  # of a body; the rest of a longer text is not indexed
METHODS = ("hybrid", "dense", "lexical")
# Up to this many listings that pass the filter, all are scored in full; above, each of the four
# partial rankings proposes its best CANDIDATES first. Both give the same order at the top.
SCORE_ALL = 5_000
CANDIDATES = 1_000
_CONDITION_DEPTH = 200  # how many of the best may be reordered by their conditions
_SNAPSHOT = "jiebang-matching-1"


@dataclass(frozen=True, slots=True)
class Match:
    """One found listing. `parts` has the fused value's parts: dense, lexical, conditions."""

    id: int
    score: float
    level: str
    parts: dict[str, float] = field(default_factory=dict)


class _Scores:
    """The five field scores of some slots, and what they make together."""

    def __init__(self, dense: list[NDArray[np.float64]], words: list[NDArray[np.float64]],
                 evidence: NDArray[np.bool_]):  # fmt: skip
        self.dense, self.words, self.evidence = dense, words, evidence

    def fused(self, method: str) -> NDArray[np.float64]:
        whole, title, titles = self.dense
        words, title_words = self.words
        nothing = np.zeros_like(whole)
        if method == "dense":
            return ranking.fuse(whole, title, titles, nothing, nothing)
        if method == "lexical":
            return ranking.fuse(nothing, nothing, nothing, words, title_words)
        return ranking.fuse(whole, title, titles, words, title_words)


class Engine:
    """Six boards under one encoder."""

    def __init__(self, encoder: Encoder):
        self.encoder = encoder
        self._lock = threading.RLock()
        self._boards = self._empty()
        self._scale = ranking.Scale()
        self._scaled_at = 0
        self._explainer = Explainer(encoder, ranking.background())

    def _empty(self) -> dict[Kind, Collection]:
        return {
            kind: Collection(
                dim=self.encoder.dim,
                vectors=("whole", "title"),
                texts=("words",),
                numbers=NUMBERS,
                values=VALUES,
                background=ranking.background(),
            )
            for kind in Kind
        }

    def prepare(self, title: str, body: str) -> Prepared:
        """What to store for one listing, or the query for a search."""
        return self.prepare_many([(title, body)])[0]

    def prepare_many(self, texts: Sequence[tuple[str, str]]) -> list[Prepared]:
        """`prepare` for many (title, body) pairs; only the first MAX_CHARACTERS count."""
        titles = [segment(title[:MAX_CHARACTERS]) for title, _ in texts]
        bodies = [segment(body[:MAX_CHARACTERS]) for _, body in texts]
        wholes = [title + body for title, body in zip(titles, bodies, strict=True)]
        title_vectors = self.encoder.encode(titles)
        whole_vectors = self.encoder.encode(wholes)
        return [
            Prepared(tuple(title), tuple(body), title_vectors[n], whole_vectors[n],
                     self.encoder.fingerprint)
            for n, (title, body) in enumerate(zip(titles, bodies, strict=True))
        ]  # fmt: skip

    def _entry(self, id: int, prepared: Prepared, attributes: Attributes) -> Entry:
        self._check(prepared)
        words = ranking.lexical_bag(prepared.title_segments + prepared.body_segments)
        return Entry(
            id,
            {"whole": prepared.whole_vector, "title": prepared.title_vector},
            {"words": words},
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

        Raises PreparedInvalid (made by another model) and indexes.vectors.VectorInvalid (wrong
        dimension, NaN); then nothing has changed.
        """
        entries = [self._entry(*upsert) for upsert in upserts]
        with self._lock:
            self._boards[kind].apply(entries, removes)

    def size(self, kind: Kind) -> int:
        """How many listings a board holds."""
        return len(self._boards[kind])

    def search(
        self,
        query: Prepared,
        kind: Kind,
        k: int = 10,
        where: Filter = Filter(),  # noqa: B008 (frozen)
        conditions: Conditions | None = None,
        method: str = "hybrid",
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
            board = self._boards[kind]
            allowed = where.mask(board)
            if k < 1 or not allowed.any():
                return []
            return self._ranked(board, query, kind, k, allowed, conditions, method)

    def _ranked(self, board: Collection, query: Prepared, kind: Kind, k: int,
                allowed: NDArray[np.bool_], conditions: Conditions | None,
                method: str) -> list[Match]:  # fmt: skip
        words = self._words(board, query)
        total = int(allowed.sum())
        slots = np.flatnonzero(allowed).astype(np.int64)
        if total > max(SCORE_ALL, 5 * k):
            slots = self._candidates(board, query, allowed, words, max(CANDIDATES, 5 * k))
        scores = self._scores(board, query, slots, words, method)
        if int(scores.evidence.sum()) < k and len(slots) < total:
            slots = np.flatnonzero(allowed).astype(np.int64)
            scores = self._scores(board, query, slots, words, method)
        slots = slots[scores.evidence]
        fused = scores.fused(method)[scores.evidence]
        moved = np.zeros_like(fused)
        ids = board.ids[slots]
        if conditions is not None and not conditions.empty() and len(slots):
            top = np.lexsort((ids, -fused))[: max(_CONDITION_DEPTH, 2 * k)]
            moved[top] = self._moves(board, slots[top], kind, conditions)
        order = np.lexsort((ids, -(fused + moved)))[:k]
        final = ranking.squash(fused + moved)
        dense, lexical = scores.fused("dense")[scores.evidence], scores.fused("lexical")[
            scores.evidence
        ]
        return [
            Match(
                int(ids[n]),
                float(final[n]),
                ranking.level(float(final[n])),
                {"dense": float(dense[n]), "lexical": float(lexical[n]),
                 "conditions": float(moved[n])},
            )
            for n in order
        ]  # fmt: skip

    def _words(self, board: Collection, query: Prepared) -> list[NDArray[np.float64]]:
        postings = board.texts["words"]
        title = ranking.lexical_bag(query.title_segments)
        whole = title + ranking.lexical_bag(query.body_segments)
        scores = ranking.lexical(postings, whole)
        if not query.body_segments:
            return [scores, scores]
        if not title:  # a query without a title: its text stands for both
            return [scores, scores]
        return [scores, ranking.lexical(postings, title)]

    def _candidates(self, board: Collection, query: Prepared, allowed: NDArray[np.bool_],
                    words: list[NDArray[np.float64]], count: int) -> NDArray[np.int64]:  # fmt: skip
        found = [board.vectors["whole"].search(query.whole_vector, count, allowed)[0]]
        if query.title_segments:
            found.append(board.vectors["title"].search(query.title_vector, count, allowed)[0])
        for scores in words:
            shown = np.where(allowed, scores, 0.0)
            best = np.argpartition(-shown, min(count, len(shown) - 1))[:count]
            found.append(best[shown[best] > 0])
        return np.unique(np.concatenate(found)).astype(np.int64)

    def _scores(self, board: Collection, query: Prepared, slots: NDArray[np.int64],
                words: list[NDArray[np.float64]], method: str) -> _Scores:  # fmt: skip
        title = query.title_vector if query.title_segments else query.whole_vector
        whole, titles = board.vectors["whole"], board.vectors["title"]
        cosine = whole.scores(query.whole_vector, slots)
        scale = self._scale_of(board)
        dense = [scale(cosine), scale(whole.scores(title, slots)), scale(titles.scores(title, slots))]
        lexical = [part[slots] for part in words]
        by_words = lexical[0] > 0
        by_vector = cosine > 0
        evidence = {"dense": by_vector, "lexical": by_words}.get(method, by_words | by_vector)
        return _Scores(dense, lexical, evidence)

    def _scale_of(self, board: Collection) -> ranking.Scale:
        """For a foreign encoder: mean and spread of the cosines between the board's own texts."""
        if isinstance(self.encoder, StaticEncoder) or len(board) < 50:
            return self._scale
        if abs(len(board) - self._scaled_at) > self._scaled_at // 2:
            rows = board.vectors["whole"].all()[np.flatnonzero(board.live())][:: max(len(board) // 300, 1)]
            cosines = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
            self._scale = ranking.Scale(float(cosines.mean()), float(cosines.std()))
            self._scaled_at = len(board)
        return self._scale

    def _moves(self, board: Collection, slots: NDArray[np.int64], kind: Kind,
               asked: Conditions) -> list[float]:  # fmt: skip
        numbers = {name: board.numbers[name].values for name in NUMBERS}
        values = {name: board.values[name].at(slots) for name in VALUES}
        moves = []
        for n, slot in enumerate(slots):
            day = ranking.stated(int(numbers["deadline"][slot]))
            found = Conditions(
                trl=ranking.stated(int(numbers["trl"][slot])),
                money_low=ranking.stated(int(numbers["money_low"][slot])),
                money_high=ranking.stated(int(numbers["money_high"][slot])),
                deadline=date.fromordinal(day) if day else None,
                region=values["region"][n],
                modes=values["modes"][n],
                industry=values["industry"][n],
                chain=values["chain"][n],
                education=values["education"][n],
            )
            pair = (found, asked) if kind in DEMAND_SIDE else (asked, found)
            moves.append(ranking.shift(*pair))
        return moves

    def explain(self, query: Document, document: Document, today: date | None = None) -> Explanation:
        """Why the two match and what speaks against it; needs only the two texts."""
        return self._explainer.explain(query, document, today)

    def save(self, folder: Path, revision: int) -> None:
        """Writes a snapshot: aside, synced, renamed; raises OSError when the disk refuses."""
        with self._lock:
            files: dict[str, bytes] = {}
            for kind, board in self._boards.items():
                files |= snapshot.collection_files(kind.value, board)
            counts = {kind.value: len(board) for kind, board in self._boards.items()}
        about: dict[str, Any] = {
            "program": _SNAPSHOT,
            "model": self.encoder.fingerprint,
            "dim": self.encoder.dim,
            "counts": counts,
            "revision": revision,
        }
        snapshot.write(folder, files, about)

    def load(self, folder: Path) -> int:
        """Takes over a snapshot and returns its revision.

        Raises SnapshotInvalid with the reason in Chinese; the engine is then empty.
        """
        with self._lock:
            self._boards = self._empty()
            try:
                manifest, files = snapshot.read(folder)
                self._accept(manifest)
                boards = self._empty()
                for kind, board in boards.items():
                    snapshot.restore_collection(kind.value, board, files)
                    if len(board) != manifest["counts"][kind.value]:
                        raise ValueError(f"{kind.value} 应有 {manifest['counts'][kind.value]} 条")
                revision = int(manifest["revision"])
            except (KeyError, ValueError, TypeError, OverflowError) as error:
                raise SnapshotInvalid(f"快照内容不合规：{error}") from error
            self._boards = boards
            return revision

    def _accept(self, manifest: dict[str, Any]) -> None:
        for name, expected in (
            ("program", _SNAPSHOT),
            ("model", self.encoder.fingerprint),
            ("dim", self.encoder.dim),
        ):
            if manifest[name] != expected:
                raise SnapshotInvalid(f"快照的 {name} 是 {manifest[name]}，现在是 {expected}。")

