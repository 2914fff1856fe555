"""Why two texts match: words, sentences, conditions, and what speaks against it.

With a static embedding the cosine of two texts is a sum over pairs of segments:
cos(A, B) = sum_ij a_i . b_j / (|A| |B|) with A = sum a_i, B = sum b_j. Parts of words and
bigrams are booked on the words they stand in, so the shares below are exact and add up to the
cosine over all pairs of words; only the readable ones are shown.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexes.postings import Background
from matching import conditions as checks
from matching.analysis import Analyst, Text
from matching.conditions import ConditionCheck
from matching.documents import Document
from matching.encoder import Encoder, StaticEncoder
from matching.highlight import highlight
from matching.text import words as words_of

__all__ = ["ConditionCheck", "Evidence", "Explainer", "Explanation", "WordPair", "highlight"]

MAX_CHARACTERS = 3_000  # of a body that are explained; the whole of it is indexed
_PAIRS, _EVIDENCE, _SHARED, _RELATED, _UNCOVERED = 12, 3, 6, 3, 3
# A pair of different words counts as related from this cosine of their vectors on; of pairs drawn
# at random from outcomes' titles 995 in 1,000 lie below 0.21.
_RELATED_COSINE = 0.35
# A query word is covered when a word of the document comes this near to it.
_COVERED_COSINE = 0.30
_EVIDENCE_SCORE = 0.25  # sentence pairs below say nothing
_TOGETHER = 64  # texts that are taken apart at once: some 10 MB meanwhile
_LOOKED_AT = 200  # the best sentence pairs, when the best ones share a sentence
_NOTHING = 1e-12  # no text has so short a vector
_COMMON = 0.05  # a word in more than this share of all texts says nothing about this one
Products = NDArray[np.float32]

_LONG_WORD = 20  # characters: what is longer is a number or an address
_CLIP = 60  # characters of a sentence inside a reason


class WordPair(NamedTuple):
    """A word of each side; `share` is what the pair adds to the cosine of the two texts."""

    query: str
    document: str
    share: float


class Evidence(NamedTuple):
    """A sentence of each side, as written, and the cosine of the two."""

    query: str
    document: str
    score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """What carries a match (`words`, `evidence`, `reasons`) and what does not (`gaps`)."""

    words: list[WordPair] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    conditions: list[ConditionCheck] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


@cache
def stop_words() -> frozenset[str]:
    """Words that never stand in a reason."""
    path = Path(__file__).with_name("data") / "stopwords.txt"
    return frozenset(path.read_text(encoding="utf-8").split())


def readable(word: str, background: Background | None = None) -> bool:
    """True for words worth showing: no stop words, single characters or bare numbers."""
    if len(word) < 2 or word in stop_words():
        return False
    if background is not None and background.frequency(word) > _COMMON * background.weight:
        return False
    return not word.replace(".", "").replace("-", "").isdigit()


def telling(text: str, background: Background, most: int = 6) -> list[str]:
    """The words of a text that say most about it: readable, the rarest in general language first;
    of words inside one another only the first."""
    distinct = [word for word in dict.fromkeys(words_of(text)) if readable(word, background)]
    distinct.sort(key=background.frequency)
    found: list[str] = []
    for word in distinct:
        if len(word) < _LONG_WORD and not any(word in one or one in word for one in found):
            found.append(word)
    return found[:most]


class Explainer:
    """Explains pairs under one encoder; keeps the last texts, as one query meets many."""

    def __init__(self, encoder: Encoder, background: Background, kept: int = 512):
        self._encoder = encoder
        self._analyst = Analyst(encoder, lambda word: readable(word, background))
        self._background = background
        self._texts: OrderedDict[tuple[str, str], Text] = OrderedDict()
        self._kept = kept
        self._lock = threading.Lock()

    def _taken_apart(self, texts: Sequence[tuple[str, str]]) -> list[Text]:
        keys = [(title[:MAX_CHARACTERS], body[:MAX_CHARACTERS]) for title, body in texts]
        with self._lock:
            found = {key: self._texts[key] for key in keys if key in self._texts}
        fresh = [key for key in dict.fromkeys(keys) if key not in found]
        found.update(zip(fresh, self._analyst.many(fresh), strict=True))
        with self._lock:
            for key in keys:
                self._texts[key] = found[key]
                self._texts.move_to_end(key)
            while len(self._texts) > self._kept:
                self._texts.popitem(last=False)
        return [found[key] for key in keys]

    def shares(
        self, query: tuple[str, str], document: tuple[str, str]
    ) -> tuple[list[str], list[str], NDArray[np.float64]]:
        """Words of both (title, body) texts and the (words, words) matrix of exact shares.

        Its sum is the cosine of the two texts; only defined for a static encoder.
        """
        left, right = self._taken_apart([query, document])
        norm = left.length * right.length
        products = _products(left, right).astype(np.float64)
        return left.words, right.words, products / (norm if norm > _NOTHING else np.inf)

    def explain(
        self, query: Document, document: Document, today: date | None = None
    ) -> Explanation:
        """The explanation of one pair; a text nothing is known of gives an empty one."""
        return self.explain_many(query, [document], today)[0]

    def explain_many(
        self, query: Document, documents: Sequence[Document], today: date | None = None
    ) -> list[Explanation]:
        """`explain` of each, in less time: their texts are taken apart together."""
        found = []
        for first in range(0, len(documents), _TOGETHER):
            some = documents[first : first + _TOGETHER]
            left, *rights = self._taken_apart([(each.title, each.body) for each in (query, *some)])
            asked = _Asked.of(left, self._weight)
            for document, right in zip(some, rights, strict=True):
                conditions = checks.check(query, document, today)
                found.append(self._compared(asked, right, conditions))
        return found

    def _compared(
        self, asked: _Asked, right: Text, conditions: list[ConditionCheck]
    ) -> Explanation:
        left = asked.text
        exact = isinstance(self._encoder, StaticEncoder)
        products = _products(left, right)
        pairs = _pairs(left, right, products) if exact else asked.same_words(right)
        evidence = _evidence(left, right)
        reasons = _reasons(asked, right, pairs, evidence, products)
        reasons += [check.text for check in conditions if check.state == "fits"]
        gaps = [check.text for check in conditions if check.state == "fails"]
        gaps += [
            check.text
            for check in conditions
            if check.state == "unknown" and check.query_value and not check.document_value
        ]
        uncovered = _uncovered(asked, right, products if exact else None)
        if uncovered:
            gaps.append("对方文本未提到：" + " · ".join(uncovered))
        return Explanation(pairs, evidence, conditions, reasons, gaps)

    def _weight(self, word: str) -> float:
        """idf in general language, 0 to about 6."""
        size = self._background.weight
        return float(np.log1p(size / (self._background.frequency(word) + 0.5)))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A text before it is compared with others, and what does not depend on these."""

    text: Text
    weights: dict[str, float]
    """The readable words and their idf."""
    ranked: list[str]
    """The same words, the highest idf first; it counts twice for those of the title."""
    central: list[str]
    """Of these, those of the title and those that are said again: to lack them is a gap."""

    @classmethod
    def of(cls, text: Text, weight: Callable[[str], float]) -> _Asked:
        """Weighs the words of a text."""
        weights = {word: weight(word) for word in text.readable}
        ranked = sorted(
            weights, key=lambda word: (-weights[word] * (2 if word in text.title else 1), word)
        )
        central = [
            word
            for word in ranked
            if (word in text.title or text.counts[word] > 1) and len(word) < _LONG_WORD
        ]
        return cls(text, weights, ranked, central)

    def same_words(self, right: Text) -> list[WordPair]:
        """For encoders without vectors of words: those in common, by their part of the idf."""
        weights = self.weights
        total = sum(weights.values()) or 1.0
        shared = sorted((w for w in weights if w in right.segments), key=lambda w: (-weights[w], w))
        return [WordPair(word, word, weights[word] / total) for word in shared[:_PAIRS]]


def _reasons(
    asked: _Asked,
    right: Text,
    pairs: Sequence[WordPair],
    evidence: Sequence[Evidence],
    products: Products,
) -> list[str]:
    reasons = []
    chosen: list[str] = []
    for word in asked.ranked:
        if word in right.segments and not any(word in one or one in word for one in chosen):
            chosen.append(word)
            if len(chosen) == _SHARED:
                break
    if chosen:
        reasons.append("共同关注：" + " · ".join(chosen))
    related = _related(asked.text, right, pairs, products)
    if related:
        reasons.append("含义相近：" + "；".join(f"{a} ≈ {b}" for a, b in related))
    if evidence:
        best = evidence[0]
        reasons.append(f"最相关的句子：「{_clip(best.query)}」对「{_clip(best.document)}」")
    return reasons


def _uncovered(asked: _Asked, right: Text, products: Products | None) -> list[str]:
    """The query's most telling words that nothing in the document comes near to."""
    words = [word for word in asked.central if word not in right.segments]
    if not words or not right.places:
        return []
    if products is not None:
        left = asked.text
        rows = [left.places[word] for word in words]
        lengths = left.lengths.take(rows)[:, None] * right.lengths
        near = products.take(rows, axis=0) / np.maximum(lengths, 1e-9)
        far = (near.max(axis=1) < _COVERED_COSINE).tolist()
        words = list(compress(words, far))
    return words[:_UNCOVERED]


def _products(left: Text, right: Text) -> Products:
    """(words, words) of the two sides: the products of their vectors."""
    return np.asarray(left.word_vectors @ right.word_vectors.T)


def _pairs(left: Text, right: Text, products: Products) -> list[WordPair]:
    """The pairs that add most to the cosine; of equal ones the first in the texts.

    Both are readable, and the same word or two that the model knows by themselves: what a rare
    word shares with another is only a row, and nothing to show.
    """
    norm = left.length * right.length
    if norm <= _NOTHING:
        return []
    width = len(right.places)
    flat = products.ravel()
    places = (left.meaning[:, None] * width + right.meaning).ravel()
    values = flat.take(places)
    if len(values) > _PAIRS:
        least = np.partition(values, len(values) - _PAIRS)[len(values) - _PAIRS]
        places = places[values >= least]
    best = places.tolist()
    for word in left.strange:
        if word in right.places:
            best.append(left.places[word] * width + right.places[word])
    values = flat.take(np.asarray(best, np.int64))
    ranked = sorted(zip((-values).tolist(), best, strict=True))
    found = []
    for value, place in ranked[:_PAIRS]:
        if value < 0:
            one, two = divmod(place, width)
            found.append(WordPair(left.words[one], right.words[two], -value / norm))
    return found


def _related(
    left: Text, right: Text, pairs: Sequence[WordPair], products: Products
) -> list[tuple[str, str]]:
    """Pairs of different words that are near in meaning, neither of which the other side has."""
    found: list[tuple[str, str]] = []
    for pair in pairs:
        if pair.query in right.segments or pair.document in left.segments:
            continue
        one, two = left.places[pair.query], right.places[pair.document]
        length = float(left.lengths[one] * right.lengths[two])
        if products[one, two] >= _RELATED_COSINE * length > 0 and len(found) < _RELATED:
            found.append((pair.query, pair.document))
    return found


def _evidence(left: Text, right: Text) -> list[Evidence]:
    """The best sentence pairs; every sentence is used once."""
    scores = left.sentence_vectors @ right.sentence_vectors.T
    (good,) = (scores >= _EVIDENCE_SCORE).ravel().nonzero()
    values = scores.ravel().take(good)
    found: list[Evidence] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for n in np.argsort(-values, kind="stable")[:_LOOKED_AT].tolist():
        row, column = divmod(int(good[n]), len(right.sentences))
        if row in taken[0] or column in taken[1]:
            continue
        taken[0].add(row)
        taken[1].add(column)
        found.append(Evidence(left.sentences[row], right.sentences[column], float(values[n])))
        if len(found) == _EVIDENCE:
            break
    return found


def _clip(sentence: str) -> str:
    return sentence if len(sentence) <= _CLIP else sentence[: _CLIP - 1] + "…"


def shown_words(explanation: Explanation, side: str) -> Collection[str]:
    """The words to highlight on the "query" or the "document" side."""
    return {pair.query if side == "query" else pair.document for pair in explanation.words}
