"""How much of one text's words the other text has, the same or something near in meaning.

For every word of a short text (a title) the nearest word of the other text is sought; the mean of
these cosines, weighted by idf squared, is a number from 0 to 1 that means the same for any length
of either text. It sees what the cosine of whole texts averages away: a title's one telling word
that the other side does not have at all. (The late interaction of ColBERT, Khattab & Zaharia 2020,
over static vectors and one-sided.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexes.postings import Postings
from matching.encoder import Encoder, StaticEncoder
from matching.pieces import BIGRAM

_MOST = 200  # words of a long text that are compared, the most telling ones
# Words of a whole query that are sought in each text: each further one costs time, and from 12 to
# all of them the own graded set (cross-validated) has 0.77 to 0.79, without them 0.765.
TOLD = 15

Floats = NDArray[np.float64]
Slots = NDArray[np.int64]


class Near:
    """Nearness of texts in a collection's postings to a query, under one encoder.

    A word that the model has no row for is near to itself alone: what it shares with another is
    only a row.
    """

    def __init__(self, postings: Postings, encoder: Encoder):
        self._postings = postings
        self._encoder = encoder if isinstance(encoder, StaticEncoder) else None
        # see `_numbered`: of these names the first so many have been looked up
        self._numbers = np.zeros(0, np.int32)
        self._names: list[str] = []
        self._known = 0

    def covered(self, slots: Slots, words: Sequence[str]) -> Floats:
        """(slots,): how much of each text in a slot is in these words."""
        starts, terms = self._postings.rows(slots)
        if not len(terms) or not words:
            return np.zeros(len(slots), np.float64)
        numbers, _, cosines = self._pairs(_telling(words, self._postings))
        near = np.zeros(self._postings.terms)
        np.maximum.at(near, numbers, cosines)
        weights = self._postings.idfs(terms) ** 2
        return _means(near[terms] * weights, weights, starts)

    def covers(self, slots: Slots, *asked: Sequence[str]) -> Floats:
        """(slots, asked): how much of each list of words is in each text in a slot."""
        found = np.zeros((len(slots), len(asked)))
        starts, terms = self._postings.rows(slots)
        lists = [_telling(words, self._postings) for words in asked]
        every = list(dict.fromkeys(word for words in lists for word in words))
        if not len(terms) or not every:
            return found
        numbers, asked_at, cosines = self._pairs(every)
        order = np.argsort(numbers, kind="stable")
        sorted_ = numbers[order]
        first = np.flatnonzero(np.diff(sorted_, prepend=-1))
        sizes = np.diff(first, append=len(sorted_))
        place = np.zeros(self._postings.terms, np.int32)
        place[sorted_[first]] = np.arange(1, len(first) + 1)
        places = place[terms]
        hits = np.flatnonzero(places)  # of a text's words few are near to any
        places = places[hits] - 1
        many = sizes[places]
        starting = first[places] - (np.cumsum(many) - many)
        pairs = order[np.repeat(starting, many) + np.arange(many.sum())]
        owner = np.repeat(np.searchsorted(starts, hits, "right") - 1, many)
        best = np.zeros((len(slots), len(every)))
        np.maximum.at(best.reshape(-1), owner * len(every) + asked_at[pairs], cosines[pairs])
        number = {word: n for n, word in enumerate(every)}
        for column, words in enumerate(lists):
            weights = [self._postings.idf(word) ** 2 for word in words]
            total = sum(weights)
            if total:
                for word, weight in zip(words, weights, strict=True):
                    found[:, column] += weight * best[:, number[word]]
                found[:, column] /= total
        return found

    def told(self, words: Sequence[str]) -> list[str]:
        """The TOLD most telling ones of a query's words, in order of the text where equal."""
        distinct = _telling(words, self._postings)
        return sorted(distinct, key=lambda word: -self._postings.idf(word))[:TOLD]

    def _pairs(self, words: Sequence[str]) -> tuple[Slots, Slots, Floats]:
        """Terms of the board by number, places in `words` that are near to them, and the cosines; 1
        for the same word. A pair may be there twice."""
        # also a word that the model does not know is the same as itself
        number = self._postings.number
        numbers = np.fromiter(map(number, words), np.int64, len(words))
        asked = np.arange(len(words), dtype=np.int64)
        cosines = np.ones(len(words))
        if self._encoder is not None:
            near = self._encoder.neighbours
            known = self._encoder.own_rows(words)
            own = np.flatnonzero(known)
            owners, places = near.around(known[own])
            meant = self._numbered(self._encoder)[near.rows[places]]
            numbers = np.concatenate([numbers, meant])
            asked = np.concatenate([asked, own[owners]])
            cosines = np.concatenate([cosines, near.cosines[places]])
        there = numbers >= 0
        return numbers[there], asked[there], cosines[there]

    def ready(self) -> None:
        """Does now what the first search would do for all terms there are."""
        if self._encoder is not None:
            self._numbered(self._encoder)

    def _numbered(self, encoder: StaticEncoder) -> NDArray[np.int32]:
        """Per row of the model the number of the term that it stands for; -1 for none."""
        names = self._postings.names
        if self._names is not names:  # other postings
            numbers = map(self._postings.number, encoder.segments)
            self._numbers = np.fromiter(numbers, np.int32, len(encoder.segments))
        elif self._known < len(names):
            rows = encoder.own_rows(names[self._known :])
            own = np.flatnonzero(rows)
            self._numbers[rows[own]] = own + self._known
        self._names, self._known = names, len(names)
        return self._numbers


def _telling(words: Sequence[str], postings: Postings) -> list[str]:
    """Each word once, without bigrams; of very many the rarest."""
    distinct = list(dict.fromkeys(word for word in words if not word.startswith(BIGRAM)))
    if len(distinct) > _MOST:
        distinct = sorted(distinct, key=lambda word: -postings.idf(word))[:_MOST]
    return distinct


def _means(values: Floats, weights: Floats, starts: Slots) -> Floats:
    """Weighted means over the pieces between `starts`; 0 for an empty piece."""
    found = np.zeros(len(starts) - 1)
    filled = np.flatnonzero(np.diff(starts))
    if len(filled):
        value = np.add.reduceat(values, starts[filled])
        total = np.add.reduceat(weights, starts[filled])
        found[filled] = np.where(total > 0, value / np.where(total > 0, total, 1.0), 0.0)
    return found
