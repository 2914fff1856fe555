"""Why two texts match: words, sentences, conditions, and what speaks against it.

With a static embedding the cosine of two texts is a sum over pairs of segments:
cos(A, B) = sum_ij a_i . b_j / (|A| |B|) with A = sum a_i, B = sum b_j. Parts of words and
bigrams are booked on the words they stand in, so the shares below are exact and add up to the
cosine over all pairs of words; only the readable ones are shown.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

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
_COMMON = 0.05  # a word in more than this share of all texts says nothing about this one
Products = NDArray[np.float32]

_LONG_WORD = 20  # characters: what is longer is a number or an address
_CLIP = 60  # characters of a sentence inside a reason


@dataclass(frozen=True, slots=True)
class WordPair:
    """A word of each side; `share` is what the pair adds to the cosine of the two texts."""

    query: str
    document: str
    share: float


@dataclass(frozen=True, slots=True)
class Evidence:
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

    def _text(self, title: str, body: str) -> Text:
        (found,) = self._taken_apart([(title, body)])
        return found

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
        left, right = self._text(*query), self._text(*document)
        return left.words, right.words, _shares(left, right, _products(left, right))

    def explain(
        self, query: Document, document: Document, today: date | None = None
    ) -> Explanation:
        """The explanation of one pair; a text nothing is known of gives an empty one."""
        left, right = self._text(query.title, query.body), self._text(document.title, document.body)
        exact = isinstance(self._encoder, StaticEncoder)
        products = _products(left, right)
        pairs = _pairs(left, right, products) if exact else self._same_words(left, right)
        evidence = _evidence(left, right)
        found = checks.check(query, document, today)
        reasons = self._reasons(left, right, pairs, evidence, products) + [
            check.text for check in found if check.state == "fits"
        ]
        gaps = [check.text for check in found if check.state == "fails"]
        gaps += [c.text for c in found if c.state == "unknown" and c.query_value and not
                 c.document_value]  # fmt: skip
        uncovered = self._uncovered(left, right, products)
        if uncovered:
            gaps.append("对方文本未提到：" + " · ".join(uncovered))
        return Explanation(pairs, evidence, found, reasons, gaps)

    def explain_many(
        self, query: Document, documents: Sequence[Document], today: date | None = None
    ) -> list[Explanation]:
        """`explain` of each, in less time: their texts are taken apart together."""
        met = [query, *documents[: self._kept - 1]]
        self._taken_apart([(each.title, each.body) for each in met])
        return [self.explain(query, each, today) for each in documents]

    def _same_words(self, left: Text, right: Text) -> list[WordPair]:
        """For other encoders: the words in common, by their part of the query's idf."""
        weights = {word: self._weight(word) for word in left.readable}
        total = sum(weights.values()) or 1.0
        shared = sorted((w for w in weights if w in right.counts), key=lambda w: (-weights[w], w))
        return [WordPair(word, word, weights[word] / total) for word in shared[:_PAIRS]]

    def _weight(self, word: str) -> float:
        """idf in general language, 0 to about 6."""
        size = self._background.weight
        return float(np.log1p(size / (self._background.frequency(word) + 0.5)))

    def _reasons(self, left: Text, right: Text, pairs: Sequence[WordPair],
                 evidence: Sequence[Evidence], products: Products) -> list[str]:  # fmt: skip
        reasons = []
        shared = [word for word in left.readable if word in right.counts]
        shared.sort(key=lambda word: (-self._weight(word) * (2 if word in left.title else 1), word))
        chosen: list[str] = []
        for word in shared:
            if len(chosen) < _SHARED and not any(word in one or one in word for one in chosen):
                chosen.append(word)
        if chosen:
            reasons.append("共同关注：" + " · ".join(chosen))
        related = _related(left, right, pairs, products)
        if related:
            reasons.append("含义相近：" + "；".join(f"{a} ≈ {b}" for a, b in related))
        if evidence:
            best = evidence[0]
            reasons.append(f"最相关的句子：「{_clip(best.query)}」对「{_clip(best.document)}」")
        return reasons

    def _uncovered(self, left: Text, right: Text, products: Products) -> list[str]:
        """The query's most telling words that nothing in the document comes near to."""
        words = [
            word for word in left.readable
            if word not in right.counts
            and (word in left.title or left.counts[word] > 1) and len(word) < _LONG_WORD
        ]  # fmt: skip
        if not words or not right.words:
            return []
        if isinstance(self._encoder, StaticEncoder):
            rows = [left.places[word] for word in words]
            lengths = np.outer(left.lengths[rows], right.lengths)
            near = products[rows] / np.maximum(lengths, 1e-9)
            far = near.max(axis=1) < _COVERED_COSINE
            words = [word for word, missing in zip(words, far, strict=True) if missing]
        words.sort(key=lambda word: (-self._weight(word) * (2 if word in left.title else 1), word))
        return words[:_UNCOVERED]


def _products(left: Text, right: Text) -> Products:
    """(words, words) of the two sides: the products of their vectors."""
    return np.asarray(left.word_vectors @ right.word_vectors.T)


def _shares(left: Text, right: Text, products: Products) -> NDArray[np.float64]:
    """(words, words): what each pair adds to the cosine of the two texts."""
    norm = left.length * right.length
    return products.astype(np.float64) / (norm if norm > 1e-12 else np.inf)


def _pairs(left: Text, right: Text, products: Products) -> list[WordPair]:
    """The readable pairs that add most."""
    shares = _shares(left, right, products)
    if not shares.size:
        return []
    shown = np.where(_meaning(left, right), shares, -1.0).ravel()
    count = min(_PAIRS, shown.size)
    best = np.argpartition(-shown, count - 1)[:count]
    best = best[np.lexsort((best, -shown[best]))]
    width = len(right.words)
    return [
        WordPair(left.words[n // width], right.words[n % width], float(shown[n]))
        for n in best
        if shown[n] > 0
    ]


def _meaning(left: Text, right: Text) -> NDArray[np.bool_]:
    """(words, words): both readable, and the same word or two that the model knows by themselves.
    What a rare word shares with another is only a row, and nothing to show."""
    found = np.outer(left.known & left.shown, right.known & right.shown)
    for word in left.readable:
        at = right.places.get(word)
        if at is not None:
            found[left.places[word], at] = True
    return np.asarray(found)


def _related(
    left: Text, right: Text, pairs: Sequence[WordPair], products: Products
) -> list[tuple[str, str]]:
    """Pairs of different words that are near in meaning, neither of which the other side has."""
    found: list[tuple[str, str]] = []
    for pair in pairs:
        if pair.query in right.counts or pair.document in left.counts:
            continue
        one, two = left.places[pair.query], right.places[pair.document]
        length = float(left.lengths[one] * right.lengths[two])
        if products[one, two] >= _RELATED_COSINE * length > 0 and len(found) < _RELATED:
            found.append((pair.query, pair.document))
    return found


def _evidence(left: Text, right: Text) -> list[Evidence]:
    """The best sentence pairs; every sentence is used once."""
    if not left.sentences or not right.sentences:
        return []
    scores = left.sentence_vectors @ right.sentence_vectors.T
    found: list[Evidence] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for flat in np.argsort(-scores, axis=None, kind="stable")[:200]:
        row, column = divmod(int(flat), len(right.sentences))
        if scores[row, column] < _EVIDENCE_SCORE or len(found) == _EVIDENCE:
            break
        if row in taken[0] or column in taken[1]:
            continue
        taken[0].add(row)
        taken[1].add(column)
        found.append(Evidence(left.sentences[row], right.sentences[column],
                              float(scores[row, column])))  # fmt: skip
    return found


def _clip(sentence: str) -> str:
    return sentence if len(sentence) <= _CLIP else sentence[: _CLIP - 1] + "…"


def shown_words(explanation: Explanation, side: str) -> Collection[str]:
    """The words to highlight on the "query" or the "document" side."""
    return {pair.query if side == "query" else pair.document for pair in explanation.words}
