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
from matching.text import BIGRAM

# Below this cosine two words have nothing to do with each other: of pairs of different words drawn
# at random from outcomes' titles, 995 in 1,000 lie below 0.25.
FAR = 0.3
_DOUBT = 1e-4  # far more than float32 products of unit vectors are off by
_MOST = 200  # words of a long text that are compared, the most telling ones
# Words of a whole query that are sought in each text: each further one costs time, and from 12 to
# all of them the own graded set (cross-validated) has 0.77 to 0.79, without them 0.765.
TOLD = 15

Floats = NDArray[np.float64]
Slots = NDArray[np.int64]


class Near:
    """Nearness of texts in a collection's postings to a query, under one encoder.

    Of thousands of words few are near to any of the query's: all are compared in float32 by one
    product, and those that may reach FAR once more in float64, each pair by itself, so that a pair
    has one nearness whatever stands beside it.
    """

    def __init__(self, postings: Postings, encoder: Encoder):
        self._postings = postings
        self._encoder = encoder if isinstance(encoder, StaticEncoder) else None
        self._rows = np.zeros((0, 2), np.int32)  # of the model, per term; -1: not looked up yet
        self._lengths = np.zeros(0, np.float32)  # of the sums of these rows

    def covered(self, slots: Slots, words: Sequence[str]) -> Floats:
        """(slots,): how much of each text in a slot is in these words."""
        starts, terms = self._postings.rows(slots)
        if not len(terms) or not words:
            return np.zeros(len(slots), np.float64)
        distinct, places = self._distinct(terms)
        near = self._cosines(distinct, _telling(words, self._postings)).max(axis=1)
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
        near = self._cosines(distinct, every)
        some = np.asarray(near.any(axis=1))
        hits = np.flatnonzero(some[places])  # of a text's words few are near to any
        owner = np.searchsorted(starts, hits, "right") - 1
        first = np.flatnonzero(np.diff(owner, prepend=-1))
        best = np.zeros((len(slots), len(every)))
        if len(first):
            best[owner[first]] = np.maximum.reduceat(near[places[hits]], first, axis=0)
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

    def _cosines(self, terms: Slots, words: Sequence[str]) -> Floats:
        """(terms, words): 1 for the same word, 0 for what is far; terms ascend."""
        found = np.zeros((len(terms), len(words)))
        encoder = self._encoder
        if encoder is not None:
            rows, lengths = self._model_rows(terms)
            theirs = encoder.unit(_pairs([encoder.rows_of(word) for word in words]))
            products = encoder.products(rows, theirs)
            term, word = np.nonzero(products > ((FAR - _DOUBT) * lengths)[:, None])
            near, places = np.unique(term, return_inverse=True)
            ours = encoder.unit(rows[near]).astype(np.float64)[places]
            exact = np.einsum("ij,ij->i", ours, theirs.astype(np.float64)[word])
            exact[exact < FAR] = 0.0
            found[term, word] = np.minimum(exact, 1.0)
        # also a word that the model does not know is the same as itself
        asked = np.asarray([self._postings.number(word) for word in words])
        at = np.minimum(np.searchsorted(terms, asked), len(terms) - 1)
        same = np.flatnonzero(terms[at] == asked)
        found[at[same], same] = 1.0
        return found

    def _model_rows(self, terms: Slots) -> tuple[Slots, NDArray[np.float32]]:
        """(terms, 2) and (terms,): rows of the model for these terms and the length of their sum,
        each looked up once."""
        size = self._postings.terms
        if len(self._rows) > size:  # the postings were filled anew
            self._rows, self._lengths = self._rows[:0], self._lengths[:0]
        if len(self._rows) < size:
            added = size - len(self._rows)
            self._rows = np.concatenate([self._rows, np.full((added, 2), -1, np.int32)])
            self._lengths = np.concatenate([self._lengths, np.zeros(added, np.float32)])
        found = self._rows[terms].astype(np.int64)
        fresh = np.flatnonzero(found[:, 0] < 0)
        if len(fresh):
            assert self._encoder is not None
            of, term = self._encoder.rows_of, self._postings.term
            found[fresh] = _pairs([of(term(number)) for number in terms[fresh].tolist()])
            self._rows[terms[fresh]] = found[fresh]
            sums = self._encoder.sums(found[fresh])
            self._lengths[terms[fresh]] = np.sqrt(np.einsum("ij,ij->i", sums, sums))
        return found, self._lengths[terms]


def _pairs(rows: Sequence[tuple[int, ...]]) -> Slots:
    """(words, 2): one, two or no rows each; 0 stands for none."""
    return np.asarray([(*found, 0, 0)[:2] for found in rows], np.int64).reshape(-1, 2)


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
