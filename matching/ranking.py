"""How well two texts match: three cosines and two BM25 scores become one number from 0 to 1.

The sum is over fields, because title and body carry different evidence; every part is on a
scale of its own that does not depend on the other listings of a board, so that a level means
the same on a board of ten and on one of a hundred thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from indexes.columns import MISSING
from indexes.postings import K1, Background, Postings
from matching.conditions import same_region
from matching.documents import Conditions
from matching.lexicon import FREQUENCIES
from matching.text import BIGRAM

Floats = NDArray[np.float64]

# Weights of the cosines and of the BM25 parts (see docs/matching.md for the alternatives).
WHOLE_WHOLE, TITLE_WHOLE, TITLE_TITLE = 1.0, 0.5, 0.5
LEXICAL_WHOLE, LEXICAL_TITLE = 2.0, 2.0
# Two unrelated texts: mean and spread of the cosine under the bundled model. Another encoder's
# cosines are moved to this scale (`Scale`), so that the constants below hold for it too.
CALM_MEAN, CALM_SPREAD = 0.035, 0.105
# Fused value -> 0..1: a logistic curve. Two sets place it. Of the pairs in eval/market (pooled from
# the tops of rankings, read strictly) half are graded 1 or more around 3.3; of invented needs with
# the outcome designed for them three quarters lie above 2.8 and nine tenths above 2.1, while of
# their other pairs 99 in 100 lie below 1.5. MIDDLE stands between, SPREAD is the rounded fit.
MIDDLE, SPREAD = 2.3, 0.6
# Bounds of the four levels: squash(2.8), squash(1.9), squash(1.2). In eval/market a grade above 0
# has every second pair of 强, every third or fourth of 较强, every eighth of 弱, every thirtieth
# of 无.
STRONG, GOOD, WEAK = 0.70, 0.34, 0.14
# What a stated condition may move, on the fused scale: all of them together less than the
# distance between two neighbouring levels, because text says what and conditions only whether.
FAILS, FITS, MOST = -0.12, 0.05, 0.3
BACKGROUND_WEIGHT = 300.0  # a board's own frequencies prevail from some hundreds of listings on


def level(score: float) -> str:
    """强, 较强, 弱 or 无 for a score from 0 to 1."""
    return "强" if score >= STRONG else "较强" if score >= GOOD else "弱" if score >= WEAK else "无"


def squash(fused: Floats) -> Floats:
    """Fused values to 0..1, monotone."""
    return np.asarray(1.0 / (1.0 + np.exp(-(fused - MIDDLE) / SPREAD)), np.float64)


def lexical_bag(segments: Sequence[str]) -> Counter[str]:
    """The words of a segmented text with their counts; bigrams serve the encoder only."""
    return Counter(item for item in segments if not item.startswith(BIGRAM))


def lexical(postings: Postings, bag: Mapping[str, int]) -> Floats:
    """BM25 of every slot over the length of the query vector: about 0 to 1 for any query length.

    A word's weight is the root of its count, times idf; the norm is that of these weights. A
    sum over query words grows with the query, its spread over unrelated texts only with the
    root: hence this norm rather than the sum of the weights.
    """
    query = {word: count**0.5 for word, count in bag.items()}
    norm = sum((weight * postings.idf(word)) ** 2 for word, weight in query.items()) ** 0.5
    if not norm:
        return np.zeros(len(postings), np.float64)
    scores, _ = postings.scores(query)
    return np.asarray(scores / ((K1 + 1.0) * norm), np.float64)


def dense(whole: Floats, title: Floats, titles: Floats) -> Floats:
    """The part of the vectors: cosines whole-whole, title-whole and title-title."""
    return np.asarray(WHOLE_WHOLE * whole + TITLE_WHOLE * title + TITLE_TITLE * titles)


def words(whole: Floats, title: Floats) -> Floats:
    """The part of the words: BM25 by the whole query and by its title."""
    return np.asarray(LEXICAL_WHOLE * whole + LEXICAL_TITLE * title)


def shift(demand: Conditions, supply: Conditions) -> float:
    """What the conditions add to the fused value of a pair: between -MOST and MOST."""
    total = 0.0
    if demand.trl is not None and supply.trl is not None:
        total += FITS if supply.trl >= demand.trl else FAILS
    budget = demand.money_high if demand.money_high is not None else demand.money_low
    price = supply.money_low if supply.money_low is not None else supply.money_high
    if budget is not None and price is not None:
        soft = demand.negotiable or supply.negotiable
        total += FITS if price <= budget else FAILS / 2 if soft else FAILS
    if demand.modes and supply.modes:
        total += FITS if demand.modes & supply.modes else FAILS
    if demand.education and supply.education:
        total += FITS if demand.education == supply.education else FAILS
    if demand.region and supply.region and same_region(demand.region, supply.region):
        total += FITS
    for name in ("industry", "chain"):
        asked = getattr(demand, name)
        if asked and asked == getattr(supply, name):
            total += FITS
    return max(-MOST, min(MOST, total))


class Scale:
    """Moves an encoder's cosines to the bundled model's scale, by two numbers."""

    def __init__(self, mean: float = CALM_MEAN, spread: float = CALM_SPREAD):
        self.factor = CALM_SPREAD / max(spread, 1e-3)
        self.offset = CALM_MEAN - mean * self.factor

    def __call__(self, cosines: Floats) -> Floats:
        return np.asarray(cosines * self.factor + self.offset)


@cache
def background() -> Background:
    """How common words are in general; an empty one when the file is missing."""
    counts: dict[str, int] = {}
    texts = 1
    if FREQUENCIES.is_file():
        with FREQUENCIES.open(encoding="utf-8") as lines:
            texts = int(next(lines).split(";")[0].split()[-1])
            for line in lines:
                word, count = line.split()
                counts[word] = int(count)
    return Background(counts, texts, BACKGROUND_WEIGHT)


def stated(value: int) -> int | None:
    """A number of a column, None when it is not stated."""
    return None if value == MISSING else value
