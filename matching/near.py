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
# at random from outcomes' titles, 995 in 1,000 lie below 0.21.
FAR = 0.3
_MOST = 200  # words of a long text that are compared, the most telling ones

Floats = NDArray[np.float64]
Slots = NDArray[np.int64]


class Near:
    """Nearness of texts in a collection's postings to a query, under one encoder."""

    def __init__(self, postings: Postings, encoder: Encoder):
        self._postings = postings
        self._encoder = encoder if isinstance(encoder, StaticEncoder) else None
        self._rows = np.zeros((0, 2), np.int32)  # of the model, per term; -1: not looked up yet

    def covered(self, slots: Slots, words: Sequence[str]) -> Floats:
        """(slots,): how much of each text in a slot is in these words."""
        starts, terms = self._postings.rows(slots)
        if not len(terms) or not words:
            return np.zeros(len(slots), np.float64)
        distinct, places = np.unique(terms, return_inverse=True)
        near = self._cosines(distinct, _telling(words, self._postings)).max(axis=1)
        weights = self._postings.idfs(distinct) ** 2
        return _means((near * weights)[places], weights[places], starts)

    def covers(self, slots: Slots, words: Sequence[str]) -> Floats:
        """(slots,): how much of these words is in each text in a slot."""
        starts, terms = self._postings.rows(slots)
        if not len(terms) or not words:
            return np.zeros(len(slots), np.float64)
        asked = _telling(words, self._postings)
        distinct, places = np.unique(terms, return_inverse=True)
        near = self._cosines(distinct, asked)[places]
        filled = np.flatnonzero(np.diff(starts))
        best = np.zeros((len(slots), len(asked)))
        best[filled] = np.maximum.reduceat(near, starts[filled], axis=0)
        weights = np.asarray([self._postings.idf(word) for word in asked]) ** 2
        total = float(weights.sum())
        return np.asarray(best @ weights / total if total else best.sum(axis=1) * 0.0)

    def _cosines(self, terms: Slots, words: Sequence[str]) -> Floats:
        """(terms, words): 1 for the same word, 0 for what is far."""
        number = self._postings.number
        asked = np.asarray([number(word) for word in words])
        same = np.asarray(terms[:, None] == asked[None, :], np.float64)
        if self._encoder is None:
            return same
        ours = self._encoder.unit(self._model_rows(terms))
        theirs = self._encoder.unit(_pairs([self._encoder.rows_of(word) for word in words]))
        found = (ours @ theirs.T).astype(np.float64)
        found[found < FAR] = 0.0
        # also a word that the model does not know is the same as itself
        return np.maximum(np.minimum(found, 1.0), same)

    def _model_rows(self, terms: Slots) -> Slots:
        """(terms, 2): rows of the model for these terms, each looked up once."""
        known = self._rows
        if len(known) > self._postings.terms:  # the postings were filled anew
            known = known[:0]
        if len(known) < self._postings.terms:
            added = np.full((self._postings.terms - len(known), 2), -1, np.int32)
            known = np.concatenate([known, added])
        found = known[terms]
        fresh = np.flatnonzero(found[:, 0] < 0)
        if len(fresh):
            assert self._encoder is not None
            of, term = self._encoder.rows_of, self._postings.term
            found[fresh] = _pairs([of(term(number)) for number in terms[fresh].tolist()])
            known[terms[fresh]] = found[fresh]
        self._rows = known
        return found.astype(np.int64)


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
    sums = np.concatenate([np.zeros(1), np.cumsum(values)])
    totals = np.concatenate([np.zeros(1), np.cumsum(weights)])
    value, total = sums[starts[1:]] - sums[starts[:-1]], totals[starts[1:]] - totals[starts[:-1]]
    return np.asarray(np.where(total > 0, value / np.where(total > 0, total, 1.0), 0.0))
