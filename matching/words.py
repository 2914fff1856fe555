"""The LEXICAL features of one query: exact for some slots, or the best slots by a sum of them.

A query is asked up to four ways (its whole text and its title, of whole texts and of titles).
Going through the postings for each of them costs most of a search over many listings; so the
postings are gone through once per field, for a weighted sum that only proposes candidates, and
the four values are computed from the texts of those.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from indexes.occurrences import Asked
from indexes.postings import K1, Postings
from matching.features import LEXICAL, asked_bags
from matching.prepared import Prepared
from matching.shortlist import Part

Floats = NDArray[np.float64]
Slots = NDArray[np.int64]
_FIELDS = ("words", "title")
_ALL = 20_000  # slots from which the postings are gone through instead of the texts
_STEP = 16  # every how many slots are looked at to guess the bound of the best
_DEEP = 3  # how much deeper than needed the guess is
MOST = 600_000
"""Postings of a field that are gone through to propose candidates: a few milliseconds. Where a
query has more (a whole page, on a board of a million), its commonest words propose nobody; they
count in the values all the same, and bounds allow for them."""


class Words:
    """The words of one query before a collection's postings `texts` ("words" and "title")."""

    def __init__(self, query: Prepared, texts: Mapping[str, Postings]):
        self._texts = [texts[name] for name in _FIELDS]
        bags = asked_bags(query.title_segments, query.body_segments)
        # a word's weight is the root of its count: see `features.lexical`
        self._queries = [{word: n**0.5 for word, n in bag.items()} for bag in bags]
        self._missing = 0.0  # what words that `best` has left out add at most, see MOST
        self._asked = [texts.asked(self._queries) for texts in self._texts]
        self._norms = [[_norm(texts, each) for each in self._queries] for texts in self._texts]

    def at(self, slots: Slots) -> list[Floats]:
        """The LEXICAL features of these slots, in that order."""
        found: list[Floats] = []
        for texts, norms, asked in zip(self._texts, self._norms, self._asked, strict=True):
            if len(slots) > _ALL:
                scores = [every[slots] for every in texts.scores_of(self._queries)]
            else:
                scores = texts.scores_at(asked, slots)
            values = [
                np.asarray(each / ((K1 + 1.0) * norm)) if norm else np.zeros(len(slots))
                for each, norm in zip(scores, norms, strict=True)
            ]
            found += [values[0], values[-1]]  # one text may stand for both
        return found

    def best(
        self, weights: NDArray[np.float64], count: int, allowed: NDArray[np.bool_]
    ) -> tuple[Slots, NDArray[np.float32]]:
        """The `count` best allowed slots that share a word, by the weighted sum of the features,
        and this sum for every slot (see `part`), 0 for what is not allowed."""
        total = np.zeros(len(allowed), np.float32)
        pairs = weights.reshape(len(_FIELDS), len(LEXICAL) // len(_FIELDS))
        parts = zip(self._texts, self._norms, pairs, self._asked, strict=True)
        for texts, norms, own, asked in parts:
            shares = [float(own.sum())] if len(self._queries) == 1 else own.tolist()
            by = [
                s / (norm * (K1 + 1.0)) if norm else 0.0
                for s, norm in zip(shares, norms, strict=True)
            ]
            factors = asked.factors.astype(np.float64) @ np.asarray(by)
            counted = np.flatnonzero(factors)
            rare = texts.rarest(asked.numbers[counted], MOST)
            self._missing += float(factors[counted[~rare]].sum())
            told = counted[rare]
            sole = Asked(asked.numbers[told], factors[told, None].astype(np.float32))
            texts.add_scores(sole, total)
        total *= allowed
        return _highest(total, count), total

    def part(self, weights: NDArray[np.float64], slots: Slots, sums: NDArray[np.float32]) -> Part:
        """What the words add to slots whose sums `best` has told: both add float32 numbers that
        are not negative, a few roundings for each word of each query, and `best` may have left
        out words."""
        additions = len(_FIELDS) * (1 + sum(len(query) for query in self._queries)) + 16
        found = sums.astype(np.float64)
        error = found * (additions * 2.0**-23)
        return Part(found - error, found + error + self._missing, partial(self._sum, weights))

    def exactly(self, weights: NDArray[np.float64], values: list[Floats]) -> Part:
        """The same for slots whose features `at` has told already."""
        found = _weighted(weights, values)
        return Part(found, found, partial(self._sum, weights))

    def _sum(self, weights: NDArray[np.float64], slots: Slots) -> tuple[Floats, float]:
        return _weighted(weights, self.at(slots)), 0.0


def _weighted(weights: NDArray[np.float64], values: list[Floats]) -> Floats:
    return np.asarray(sum(w * v for w, v in zip(weights, values, strict=True)), np.float64)


def _norm(postings: Postings, query: Mapping[str, float]) -> float:
    return float(sum((weight * postings.idf(word)) ** 2 for word, weight in query.items()) ** 0.5)


def _highest(total: NDArray[np.float32], count: int) -> Slots:
    """The `count` slots with the highest values above 0."""
    bound = np.float32(0.0)
    sample = total[::_STEP]
    sample = sample[sample > 0]  # most are 0, and ties make choosing slow
    depth = _DEEP * count // _STEP
    if 0 < depth < len(sample):
        bound = np.partition(sample, len(sample) - depth)[len(sample) - depth]
    found = np.flatnonzero(total > bound)
    if len(found) < count and bound > 0:
        found = np.flatnonzero(total > 0)
    if len(found) > count:
        found = found[np.argpartition(-total[found], count)[:count]]
    return found.astype(np.int64)
