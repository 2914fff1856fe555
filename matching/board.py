"""One board in memory: its collection, and the search over it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from indexes.collection import Collection
from matching import ranking
from matching.documents import DEMAND_SIDE, Conditions, Kind
from matching.encoder import Encoder, StaticEncoder
from matching.filters import NUMBERS, VALUES, Filter
from matching.prepared import Prepared

METHODS = ("hybrid", "dense", "lexical")
# Up to this many listings that pass the filter, all are scored in full; above, each of the four
# partial rankings proposes its best CANDIDATES first, which gives the same order at the top.
SCORE_ALL = 5_000
CANDIDATES = 1_000
_SCALE_FROM = 50  # listings from which a board tells how an encoder's cosines are spread
_CONDITION_DEPTH = 200  # how many of the best may be reordered by their conditions

Floats = NDArray[np.float64]
Slots = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Match:
    """One found listing. `parts` has the fused value's parts: dense, lexical, conditions."""

    id: int
    score: float
    level: str
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A search: see `Engine.search`."""

    query: Prepared
    k: int
    where: Filter
    conditions: Conditions | None
    method: str


@dataclass(frozen=True, slots=True)
class Scored:
    """Some slots with their part scores, all of shape (slots,)."""

    slots: Slots
    dense: Floats
    lexical: Floats
    evidence: NDArray[np.bool_]  # whether a slot shares anything with the query

    def fused(self, method: str) -> Floats:
        """The value to rank by."""
        parts = {"dense": self.dense, "lexical": self.lexical}
        return parts.get(method, self.dense + self.lexical)

    def shown(self) -> Scored:
        """Only the slots with evidence."""
        kept = self.evidence
        return Scored(self.slots[kept], self.dense[kept], self.lexical[kept], self.evidence[kept])


class Board:
    """The listings of one kind, under one encoder."""

    def __init__(self, kind: Kind, encoder: Encoder):
        self.kind = kind
        self._foreign = not isinstance(encoder, StaticEncoder)
        self._scale = ranking.Scale()
        self._scaled_at = 0
        self.collection = Collection(
            dim=encoder.dim,
            vectors=("whole", "title"),
            texts=("words",),
            numbers=NUMBERS,
            values=VALUES,
            background=ranking.background(),
        )

    def search(self, asked: Question) -> list[Match]:
        """The best matches; see `Engine.search`."""
        allowed = asked.where.mask(self.collection)
        total = int(allowed.sum())
        if asked.k < 1 or not total:
            return []
        words = self._words(asked.query)
        slots = np.flatnonzero(allowed).astype(np.int64)
        wide = max(CANDIDATES, 5 * asked.k)
        some = self._candidates(asked.query, allowed, words, wide) if total > SCORE_ALL else slots
        found = self._scored(asked, some, words)
        if int(found.evidence.sum()) < asked.k and len(some) < total:
            found = self._scored(asked, slots, words)
        return self._best(asked, found.shown())

    def _best(self, asked: Question, found: Scored) -> list[Match]:
        fused = found.fused(asked.method)
        ids = self.collection.ids[found.slots]
        moved = np.zeros_like(fused)
        if asked.conditions is not None and not asked.conditions.empty() and len(ids):
            top = np.lexsort((ids, -fused))[: max(_CONDITION_DEPTH, 2 * asked.k)]
            moved[top] = self._moves(found.slots[top], asked.conditions)
        final = np.round(fused + moved, 9)  # equal texts tie, and the smaller id comes first
        order = np.lexsort((ids, -final))[: asked.k]
        scores = ranking.squash(final)
        matches = []
        for n in order:
            parts = {
                "dense": float(found.dense[n]),
                "lexical": float(found.lexical[n]),
                "conditions": float(moved[n]),
            }
            score = float(scores[n])
            matches.append(Match(int(ids[n]), score, ranking.level(score), parts))
        return matches

    def _words(self, query: Prepared) -> list[Floats]:
        """BM25 of every slot by the whole query and by its title."""
        postings = self.collection.texts["words"]
        title = ranking.lexical_bag(query.title_segments)
        whole = title + ranking.lexical_bag(query.body_segments)
        scores = ranking.lexical(postings, whole)
        if not title or title == whole:  # the one text stands for both
            return [scores, scores]
        return [scores, ranking.lexical(postings, title)]

    def _candidates(
        self, query: Prepared, allowed: NDArray[np.bool_], words: list[Floats], count: int
    ) -> Slots:
        vectors = self.collection.vectors
        found = [vectors["whole"].search(query.whole_vector, count, allowed)[0]]
        if query.title_segments:
            found.append(vectors["whole"].search(query.title_vector, count, allowed)[0])
            found.append(vectors["title"].search(query.title_vector, count, allowed)[0])
        for scores in words:
            shown = np.where(allowed, scores, 0.0)
            best = np.argpartition(-shown, min(count, len(shown) - 1))[:count]
            found.append(best[shown[best] > 0])
        return np.unique(np.concatenate(found)).astype(np.int64)

    def _scored(self, asked: Question, slots: Slots, words: list[Floats]) -> Scored:
        query = asked.query
        title = query.title_vector if query.title_segments else query.whole_vector
        whole, titles = self.collection.vectors["whole"], self.collection.vectors["title"]
        cosine = whole.scores(query.whole_vector, slots)
        scale = self._fitted()
        dense = ranking.dense(
            scale(cosine), scale(whole.scores(title, slots)), scale(titles.scores(title, slots))
        )
        lexical = ranking.words(words[0][slots], words[1][slots])
        evidence = {"dense": cosine > 0, "lexical": lexical > 0}.get(
            asked.method, (cosine > 0) | (lexical > 0)
        )
        return Scored(slots, dense, lexical, evidence)

    def _fitted(self) -> ranking.Scale:
        """For a foreign encoder: mean and spread of the cosines between the board's own texts."""
        size = len(self.collection)
        if (
            self._foreign
            and size >= _SCALE_FROM
            and abs(size - self._scaled_at) > (self._scaled_at // 2)
        ):
            slots = np.flatnonzero(self.collection.live())[:: max(size // 300, 1)]
            rows = self.collection.vectors["whole"].all()[slots]
            cosines = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
            self._scale = ranking.Scale(float(cosines.mean()), float(cosines.std()))
            self._scaled_at = size
        return self._scale

    def _moves(self, slots: Slots, asked: Conditions) -> list[float]:
        numbers = {name: self.collection.numbers[name].values[slots] for name in NUMBERS}
        values = {name: self.collection.values[name].at(slots) for name in VALUES}
        moves = []
        for n in range(len(slots)):
            stated = {name: ranking.stated(int(numbers[name][n])) for name in NUMBERS}
            day = stated["deadline"]
            found = Conditions(
                trl=stated["trl"],
                money_low=stated["money_low"],
                money_high=stated["money_high"],
                deadline=date.fromordinal(day) if day else None,
                region=values["region"][n],
                modes=values["modes"][n],
                industry=values["industry"][n],
                chain=values["chain"][n],
                education=values["education"][n],
            )
            pair = (found, asked) if self.kind in DEMAND_SIDE else (asked, found)
            moves.append(ranking.shift(*pair))
        return moves
