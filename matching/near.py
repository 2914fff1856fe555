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
        self._rows = np.zeros(0, np.int32)  # of the model, per term; -1: not looked up yet

    def covered(self, slots: Slots, words: Sequence[str]) -> Floats:
        """(slots,): how much of each text in a slot is in these words."""
        starts, terms = self._postings.rows(slots)
        if not len(terms) or not words:
            return np.zeros(len(slots), np.float64)
        distinct, places = self._distinct(terms)
        near = np.zeros(len(distinct))
        term, _, cosines = self._pairs(distinct, _telling(words, self._postings))
        np.maximum.at(near, term, cosines)
        weights = self._postings.idfs(distinct) ** 2
        return _means((near * weights)[places], weights[places], starts)

    def covers(self, slots: Slots, *asked: Sequence[str]) -> Floats:
        """(slots, asked): how much of each list of words is in each text in a slot."""
        found = np.zeros((len(slots), len(asked)))
        starts, terms = self._postings.rows(slots)
        lists = [_telling(words, self._postings) for words in asked]
        every = list(dict.fromkeys(word for words in lists for word in words))
        if not len(terms) or not every:
            return found
        distinct, places = self._distinct(terms)
        term, asked_at, cosines = self._pairs(distinct, every)
        order = np.argsort(term, kind="stable")
        sizes = np.bincount(term, minlength=len(distinct))  # of a text's words few are near to any
        hits = np.flatnonzero(sizes[places])
        many = sizes[places[hits]]
        first = (np.cumsum(sizes) - sizes)[places[hits]] - (np.cumsum(many) - many)
        pairs = order[np.repeat(first, many) + np.arange(many.sum())]
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

    def _distinct(self, terms: Slots) -> tuple[Slots, Slots]:
        """(different terms, ascending; the place of each term among them)"""
        there = np.zeros(self._postings.terms, bool)
        there[terms] = True
        distinct = np.flatnonzero(there)
        place = np.empty(len(there), np.int32)
        place[distinct] = np.arange(len(distinct), dtype=np.int32)
        return distinct, place[terms].astype(np.int64)

    def _pairs(self, terms: Slots, words: Sequence[str]) -> tuple[Slots, Slots, Floats]:
        """Places in `terms` (ascending) and `words` of what is near, and the cosines; 1 for the
        same word. A pair may be there twice."""
        # also a word that the model does not know is the same as itself
        asked = np.asarray([self._postings.number(word) for word in words])
        at = np.minimum(np.searchsorted(terms, asked), len(terms) - 1)
        same = np.flatnonzero(terms[at] == asked)
        term, number, cosine = at[same], same, np.ones(len(same))
        if self._encoder is not None:
            near = self._encoder.neighbours
            asked_rows = self._encoder.own_rows(words)
            place = np.full(len(near.starts) - 1, -1, np.int32)
            place[asked_rows] = np.arange(len(words), dtype=np.int32)
            place[0] = -1  # words without a row of their own
            owners, places = near.around(self._model_rows(terms))
            word = place[near.rows[places]]
            hits = np.flatnonzero(word >= 0)
            term = np.concatenate([term, owners[hits]])
            number = np.concatenate([number, word[hits]])
            cosine = np.concatenate([cosine, near.cosines[places[hits]]])
        return term, number, cosine

    def _model_rows(self, terms: Slots) -> Slots:
        """(terms,): the model's row for each of these terms, looked up once; 0 for none."""
        size = self._postings.terms
        if len(self._rows) > size:  # the postings were filled anew
            self._rows = self._rows[:0]
        if len(self._rows) < size:
            added = np.full(size - len(self._rows), -1, np.int32)
            self._rows = np.concatenate([self._rows, added])
        found = self._rows[terms]
        fresh = np.flatnonzero(found < 0)
        if len(fresh):
            assert self._encoder is not None
            words = [self._postings.term(number) for number in terms[fresh].tolist()]
            found[fresh] = self._rows[terms[fresh]] = self._encoder.own_rows(words)
        return found.astype(np.int64)


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
