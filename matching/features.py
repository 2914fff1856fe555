"""What the ranking looks at: eleven numbers about a pair, none of which depends on other pairs.

Title and body carry different evidence, so every measure is taken over both. The numbers are
about the pair itself, not about its place in a list, so that a level means the same on a board of
ten listings and on one of a hundred thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from indexes.postings import K1, Postings
from matching.pieces import BIGRAM, GRAMMAR

Floats = NDArray[np.float64]

DENSE = ("whole", "title_whole", "whole_title", "titles")
"""Cosines: of the whole texts; query's title and whole text; the reverse; the two titles."""
LEXICAL = ("words", "title_words", "words_title", "title_title")
"""BM25 of the query's whole text, and of its title, against whole text and title."""
NEAR = ("covered", "covers", "covers_told")
"""How much of the text's title the query has; how much the text has of the query's title, and of
the most telling words of the whole query (see near.py)."""
FEATURES = (*DENSE, *LEXICAL, *NEAR)

# Two unrelated texts: mean and spread of the cosine under the bundled model. Another encoder's
# cosines are moved to this scale (`Scale`), so that what was learned holds for it too.
CALM_MEAN, CALM_SPREAD = 0.008, 0.084


def lexical_bag(segments: Sequence[str]) -> Counter[str]:
    """The words of a segmented text with their counts; bigrams serve the encoder only."""
    return Counter([item for item in segments if BIGRAM not in item])  # no word contains it


def asked_bags(title: Sequence[str], body: Sequence[str]) -> list[Counter[str]]:
    """What a query of these segments is asked by: its whole text, and its title where that is
    another.

    Words of grammar (的, 和, 在, ...) do not count where there are others: they say nothing about
    a pair, and are two fifths of all that would have to be gone through.
    """
    own = lexical_bag(title)
    bags = [own + lexical_bag(body), own]
    whole, titled = (
        Counter({word: n for word, n in bag.items() if word not in GRAMMAR}) or bag for bag in bags
    )
    return [whole] if not titled or titled == whole else [whole, titled]


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


class Scale:
    """Moves an encoder's cosines to the bundled model's scale, by two numbers."""

    def __init__(self, mean: float = CALM_MEAN, spread: float = CALM_SPREAD):
        self.factor = CALM_SPREAD / max(spread, 1e-3)
        self.offset = CALM_MEAN - mean * self.factor

    def near(self, scaled: Floats) -> NDArray[np.bool_]:
        """Whether the cosine itself was above 0, for scaled ones."""
        return scaled > self.offset

    def __call__(self, cosines: Floats) -> Floats:
        return np.asarray(cosines * self.factor + self.offset)
