"""One board in memory: its collection, and the search over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes.collection import Collection
from indexes.flat import Bounded
from indexes.vectors import VectorEngine, bounded, nearly, scores_of
from matching import ranking
from matching.documents import DEMAND_SIDE, Conditions, Kind
from matching.encoder import Encoder, StaticEncoder
from matching.features import DENSE, FEATURES, LEXICAL, NEAR, Scale
from matching.filters import NUMBERS, VALUES, Filter
from matching.fusion import LEVELS, Fusion
from matching.near import Near
from matching.prepared import Prepared
from matching.shortlist import Part, promising
from matching.words import Words

METHODS = ("hybrid", "dense", "lexical")
# Up to this many listings that pass the filter, all are scored in full; above, each of the four
# partial rankings proposes its best CANDIDATES first, which gives the same order at the top.
SCORE_ALL = 5_000
CANDIDATES = 1_000
_SCALE_FROM = 50  # listings from which a board tells how an encoder's cosines are spread
_REFINED = 200  # how many of the best are looked at closely, and may be moved by their conditions
# A text that has every telling word of a short query is what was asked for by name, though nobody
# can tell from one word whether an introduction would be worth it: it is shown, as 弱.
_NAMED = 0.99
_NEAR = slice(len(DENSE) + len(LEXICAL), len(FEATURES))
# The order by vectors alone: whole texts, and half as much each what titles say, as titles are
# shorter and their cosines noisier. Only measuring and `method="dense"` use it.
_DENSE_ALONE = np.asarray([1.0, 0.5, 0.0, 0.5])

Floats = NDArray[np.float64]
Slots = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Match:
    """One found listing.

    `score` is the probability that the pair is worth an introduction, `level` follows from it,
    `parts` are the pair's features and, in log-odds, what the conditions moved.
    """

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
    """Some slots with their features, (slots, FEATURES); what was not computed is 0."""

    slots: Slots
    features: Floats
    fused: Floats
    evidence: NDArray[np.bool_]  # whether a slot shares anything with the query

    def of(self, kept: NDArray[Any]) -> Scored:
        """Only some of them, in the order given."""
        return Scored(self.slots[kept], self.features[kept], self.fused[kept], self.evidence[kept])


class Board:
    """The listings of one kind, under one encoder and one fusion."""

    def __init__(
        self, kind: Kind, encoder: Encoder, fusion: Fusion, engine: VectorEngine | None = None
    ):
        self.kind = kind
        self.fusion = fusion
        self._encoder = encoder
        self._foreign = not isinstance(encoder, StaticEncoder)
        self._scale = Scale()
        self._scaled_at = 0
        self.collection = Collection(
            dim=encoder.dim,
            vectors=("whole", "title"),
            texts=("words", "title"),
            numbers=NUMBERS,
            values=VALUES,
            background=ranking.background(),
            engine=engine,
            name=kind.value,
        )
        self._near_titles = Near(self.collection.texts["title"], encoder)
        self._near_words = Near(self.collection.texts["words"], encoder)

    def ready(self) -> None:
        """Does now what the first search would have to do for all listings."""
        self._near_titles.ready()
        self._near_words.ready()

    def search(self, asked: Question, proposed: Slots | None = None) -> list[Match]:
        """The best matches; see `Engine.search`. `proposed`: slots that the vectors propose, where
        somebody has looked for them already (`matching.pairs`)."""
        allowed = asked.where.mask(self.collection)
        total = int(np.count_nonzero(allowed))
        if asked.k < 1 or not total:
            return []
        words = Words(asked.query, self.collection.texts)
        found = self._first(asked, allowed, total, words, proposed)
        if int(found.evidence.sum()) < asked.k and len(found.slots) < total:
            every = np.flatnonzero(allowed).astype(np.int64)
            found = self._scored(asked, every, words.at(every))
        return self._best(asked, self._refined(asked, found.of(found.evidence)))

    def features(self, query: Prepared, keys: Sequence[int]) -> Floats:
        """(keys, FEATURES) of one query against listings of the board; KeyError for others."""
        places = [self.collection.slots([key]) for key in keys]
        if any(len(place) != 1 for place in places):
            raise KeyError("不在榜上的编号")
        slots = np.concatenate(places) if places else np.zeros(0, np.int64)
        found = self._cheap(query, slots, Words(query, self.collection.texts).at(slots))
        found[:, _NEAR] = self._near(query, slots)
        return found

    def mentions(self, words: Sequence[str], where: Filter) -> list[int]:
        """For each word, how many of the listings that pass contain it."""
        allowed, texts = where.mask(self.collection), self.collection.texts["words"]
        return [int(((texts.scores({word: 1})[0] > 0) & allowed).sum()) for word in words]

    def _best(self, asked: Question, found: Scored) -> list[Match]:
        ids = self.collection.ids[found.slots]
        moved = np.zeros_like(found.fused)
        if asked.conditions is not None and not asked.conditions.empty() and len(ids):
            top = np.lexsort((ids, -found.fused))[: max(_REFINED, 2 * asked.k)]
            moved[top] = self._moves(found.slots[top], asked.conditions)
        final = np.round(found.fused + moved, 9)  # equal texts tie, the smaller id comes first
        order = np.lexsort((ids, -final))[: asked.k]
        scores = self.fusion.probability(final[order]).tolist()
        levels = levels_of(self.fusion, final[order])
        features = found.features[order].round(4).tolist()
        matches = []
        for place, n in enumerate(order.tolist()):
            parts = dict(zip(FEATURES, features[place], strict=True))
            parts["conditions"] = float(moved[n])
            level = levels[place]
            if level == "无" and parts["covers"] >= _NAMED:
                level = "弱"
            matches.append(Match(int(ids[n]), scores[place], level, parts))
        return matches

    def sought(self, query: Prepared, method: str) -> dict[str, NDArray[np.float32]]:
        """What each stored vector is compared with to find the candidates.

        Products with one stored vector and their weighted sum are one product with the weighted
        sum of the queries: one pass over the vectors each, whatever the number of features.
        """
        title = query.title_vector if query.title_segments else query.whole_vector
        dense = _DENSE_ALONE if method == "dense" else np.asarray(self.fusion.weights[: len(DENSE)])
        found = {
            name: np.asarray(dense[own] * query.whole_vector + dense[titled] * title, np.float32)
            for name, own, titled in (("whole", 0, 1), ("title", 2, 3))
        }
        return {name: vector for name, vector in found.items() if vector.any()}

    def _first(
        self,
        asked: Question,
        allowed: NDArray[np.bool_],
        total: int,
        words: Words,
        proposed: Slots | None,
    ) -> Scored:
        """The first order, of all that pass or, where these are many, of the candidates: the best
        by what each vector adds to the order, and by what the words add."""
        wide, many = max(CANDIDATES, 5 * asked.k), total > SCORE_ALL
        depth = max(_REFINED, 2 * asked.k)
        narrow = asked.method == "hybrid" and proposed is None and total > 2 * depth
        if not many and not narrow:
            every = np.flatnonzero(allowed).astype(np.int64)
            return self._scored(asked, every, words.at(every))
        weights = np.asarray(self.fusion.weights[len(DENSE) : len(DENSE) + len(LEXICAL)])
        plain = asked.method == "lexical" or not weights.any()
        asks = self.sought(asked.query, asked.method)
        found: list[Slots] = []
        near: dict[str, Bounded] = {}
        for name, sought in asks.items() if proposed is None else ():
            shard = self.collection.vectors[name]
            told = bounded(shard, sought, wide, allowed) if narrow else None
            if told is not None:
                near[name] = told
                found.append(told.slots)
            elif many:
                found.append(shard.search(sought, wide, allowed))
        exact: list[Floats] | None = None
        if not many:
            some = np.flatnonzero(allowed).astype(np.int64)
            exact = words.at(some)
            lexical = words.exactly(weights, exact) if narrow else None
        else:
            if proposed is not None:
                found.append(proposed[allowed[proposed]])
            best, sums = words.best(np.ones(len(LEXICAL)) if plain else weights, wide, allowed)
            among = np.zeros(len(allowed), bool)  # to mark is quicker than to sort
            for slots in (*found, best):
                among[slots] = True
            some = np.flatnonzero(among).astype(np.int64)
            lexical = words.part(weights, some, sums[some]) if narrow and not plain else None
        if lexical is not None and len(near) == len(asks):
            kept = self._promising(asked, asks, near, lexical, some, depth)
            if kept is not None:
                some = some[kept]
                exact = None if exact is None else [values[kept] for values in exact]
        return self._scored(asked, some, words.at(some) if exact is None else exact)

    def _promising(
        self,
        asked: Question,
        asks: Mapping[str, NDArray[np.float32]],
        near: Mapping[str, Bounded],
        lexical: Part,
        some: Slots,
        depth: int,
    ) -> NDArray[np.int64] | None:
        """Places in `some` of those that can be among the `depth` best, see `promising`."""
        evident = lexical.low > 0
        if self._alike(asked.query) and "whole" in asks and self._meant(asked.query):
            whole = near["whole"]  # a multiple of the cosine
            evident[np.searchsorted(some, whole.slots[whole.low > 0])] = True
        factor, shards = self._fitted().factor, self.collection.vectors
        parts = [
            Part.of(some, near[name], factor, partial(nearly, shards[name], sought))
            for name, sought in asks.items()
        ]
        return promising(some, [*parts, lexical], evident, depth)

    def _cheap(self, query: Prepared, slots: Slots, lexical: list[Floats]) -> Floats:
        """DENSE and LEXICAL features, these given; NEAR ones stay 0."""
        title = query.title_vector if query.title_segments else query.whole_vector
        asked = [query.whole_vector, title]
        if np.array_equal(asked[0], asked[1]):
            asked = asked[:1]
        scale = self._fitted()
        columns: list[Floats] = []
        for name in ("whole", "title"):
            found = scores_of(self.collection.vectors[name], asked, slots)
            columns += [scale(found[0]), scale(found[-1])]
        columns += lexical
        columns += [np.zeros(len(slots)) for _ in NEAR]
        return np.asarray(np.stack(columns, axis=1), np.float64)

    def _near(self, query: Prepared, slots: Slots) -> Floats:
        """(slots, NEAR)"""
        whole = (*query.title_segments, *query.body_segments)
        title = query.title_segments or whole
        near = self._near_words
        covered = self._near_titles.covered(slots, whole)
        return np.column_stack([covered, near.covers(slots, title, near.told(whole))])

    def _scored(self, asked: Question, slots: Slots, lexical: list[Floats]) -> Scored:
        """A first order by what is cheap to compute."""
        found = self._cheap(asked.query, slots, lexical)
        dense = found[:, : len(DENSE)] @ _DENSE_ALONE
        own_words = found[:, len(DENSE) : len(DENSE) + len(LEXICAL)].sum(axis=1)
        near = self._scale.near(found[:, 0]) & self._meant(asked.query)
        shared = own_words > 0
        evidence = {"dense": near, "lexical": shared}.get(asked.method, near | shared)
        fused = {"dense": dense, "lexical": own_words}.get(asked.method, self.fusion.fused(found))
        return Scored(slots, found, fused, evidence)

    def _alike(self, query: Prepared) -> bool:
        """Whether title and whole text of a query are one vector."""
        return not query.title_segments or np.array_equal(query.whole_vector, query.title_vector)

    def _meant(self, query: Prepared) -> bool:
        """False for a query of which the model knows no word: its nearness would be chance."""
        if not isinstance(self._encoder, StaticEncoder):
            return True
        return self._encoder.knows((*query.title_segments, *query.body_segments))

    def _refined(self, asked: Question, found: Scored) -> Scored:
        """The best again with the NEAR features; the others stay below them."""
        if asked.method != "hybrid" or not len(found.slots):
            return found
        depth = max(_REFINED, 2 * asked.k)
        order = np.lexsort((self.collection.ids[found.slots], -found.fused))[:depth]
        best = found.of(order)
        best.features[:, _NEAR] = self._near(asked.query, best.slots)
        return Scored(best.slots, best.features, self.fusion.fused(best.features), best.evidence)

    def _fitted(self) -> Scale:
        """For a foreign encoder: mean and spread of the cosines between the board's own texts."""
        size = len(self.collection)
        if (
            self._foreign
            and size >= _SCALE_FROM
            and abs(size - self._scaled_at) > (self._scaled_at // 2)
        ):
            slots = np.flatnonzero(self.collection.live())[:: max(size // 300, 1)]
            rows = self.collection.vectors["whole"].rows(slots)
            cosines = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
            self._scale = Scale(float(cosines.mean()), float(cosines.std()))
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


def levels_of(fusion: Fusion, fused: Floats) -> list[str]:
    """`fusion.level` of many weighted sums at once."""
    found = np.full(len(fused), len(LEVELS))
    for place, name in reversed(list(enumerate(LEVELS))):
        grade, least = fusion.bounds[name]
        found[fusion.probability(fused, grade) >= least] = place
    names = [*LEVELS, "无"]
    return [names[place] for place in found.tolist()]
