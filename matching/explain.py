"""Why two texts match: words, sentences, conditions, and what speaks against it.

With a static embedding the cosine of two texts is a sum over pairs of segments:
cos(A, B) = sum_ij a_i . b_j / (|A| |B|) with A = sum a_i, B = sum b_j. Parts of words and
bigrams are booked on the words they stand in, so the shares below are exact and add up to the
cosine over all pairs of words; only the readable ones are shown.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexes.postings import Background
from matching import conditions as checks
from matching.conditions import ConditionCheck
from matching.documents import Document
from matching.encoder import Encoder, StaticEncoder
from matching.highlight import highlight
from matching.text import Token, fold, sentences, tokens

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


@dataclass
class _Text:
    """One side, analysed: its sentences and, per distinct word, the sum of its vectors."""

    sentences: list[str]
    words: list[str]
    counts: Counter[str]
    title: frozenset[str]
    shown: dict[str, bool]  # which of the words may stand in a reason
    word_vectors: NDArray[np.float32]  # (words, dim), sums over all places
    sentence_vectors: NDArray[np.float32]  # (sentences, dim), unit length


def _booked(found: list[Token]) -> list[tuple[str, str, float]]:
    """(segment, word it is booked on, share) for the tokens of one sentence."""
    whole = [token for token in found if token.kind in ("word", "code")]
    owner: dict[int, str] = {}
    for token in whole:
        for place in range(token.start, token.end):
            owner[place] = token.segment
    booked = []
    for token in found:
        if token.kind == "bigram":
            left, right = owner[token.start], owner[token.end - 1]
            booked += [(token.segment, left, 0.5), (token.segment, right, 0.5)]
        elif token.kind == "sub":
            booked.append((token.segment, owner.get(token.start, token.segment), 1.0))
        else:
            booked.append((token.segment, token.segment, 1.0))
    return booked


class Explainer:
    """Explains pairs under one encoder; keeps the last texts, as one query meets many."""

    def __init__(self, encoder: Encoder, background: Background, kept: int = 512):
        self._encoder = encoder
        self._background = background
        self._texts: OrderedDict[tuple[str, str], _Text] = OrderedDict()
        self._kept = kept
        self._lock = threading.Lock()

    def _text(self, title: str, body: str) -> _Text:
        key = (title[:MAX_CHARACTERS], body[:MAX_CHARACTERS])
        with self._lock:
            found = self._texts.get(key)
            if found is not None:
                self._texts.move_to_end(key)
                return found
        found = self._analysed(*key)
        with self._lock:
            self._texts[key] = found
            while len(self._texts) > self._kept:
                self._texts.popitem(last=False)
        return found

    def _analysed(self, title: str, body: str) -> _Text:
        titles = sentences(title)
        listed = titles + sentences(body)
        counts: Counter[str] = Counter()
        numbers: dict[str, int] = {}
        segments: list[list[str]] = []
        booked: list[tuple[str, str, float]] = []
        first: set[str] = set()
        for place, sentence in enumerate(listed):
            found = list(tokens(fold(sentence)))
            segments.append([token.segment for token in found])
            for token in found:
                if token.kind != "bigram":
                    counts[token.segment] += 1
            booked += _booked(found)
            if place < len(titles):
                first.update(token.segment for token in found if token.kind in ("word", "code"))
        for _, word, _ in booked:
            numbers.setdefault(word, len(numbers))
        dim = self._encoder.dim
        word_vectors = np.zeros((len(numbers), dim), np.float32)
        if isinstance(self._encoder, StaticEncoder) and booked:
            of = self._encoder.rows_of
            rows, shares, places = [], [], []
            for segment, word, share in booked:
                for row in of(segment):
                    rows.append(row)
                    shares.append(share)
                    places.append(numbers[word])
            order = np.argsort(places, kind="stable")
            owners = np.asarray(places, np.int64)[order]
            vectors = self._encoder.token_vectors[np.asarray(rows, np.int64)[order]]
            vectors *= np.asarray(shares, np.float32)[order][:, None]
            if rows:
                starts = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
                word_vectors[owners[starts]] = np.add.reduceat(vectors, starts, axis=0)
        shown = {word: readable(word, self._background) for word in numbers}
        vectors = self._encoder.encode(segments) if segments else np.zeros((0, dim), np.float32)
        return _Text(listed, list(numbers), counts, frozenset(first), shown, word_vectors, vectors)

    def shares(
        self, query: tuple[str, str], document: tuple[str, str]
    ) -> tuple[list[str], list[str], NDArray[np.float64]]:
        """Words of both (title, body) texts and the (words, words) matrix of exact shares.

        Its sum is the cosine of the two texts; only defined for a static encoder.
        """
        return self._shares(self._text(*query), self._text(*document))

    def _shares(
        self, left: _Text, right: _Text
    ) -> tuple[list[str], list[str], NDArray[np.float64]]:
        norm = float(np.linalg.norm(left.word_vectors.sum(axis=0)))
        norm *= float(np.linalg.norm(right.word_vectors.sum(axis=0)))
        matrix = (left.word_vectors @ right.word_vectors.T).astype(np.float64)
        return left.words, right.words, matrix / norm if norm > 1e-12 else matrix * 0.0

    def explain(
        self, query: Document, document: Document, today: date | None = None
    ) -> Explanation:
        """The explanation of one pair; a text nothing is known of gives an empty one."""
        left, right = self._text(query.title, query.body), self._text(document.title, document.body)
        exact = isinstance(self._encoder, StaticEncoder)
        pairs = self._pairs(left, right) if exact else self._same_words(left, right)
        evidence = _evidence(left, right)
        found = checks.check(query, document, today)
        reasons = self._reasons(left, right, pairs, evidence) + [
            check.text for check in found if check.state == "fits"
        ]
        gaps = [check.text for check in found if check.state == "fails"]
        gaps += [c.text for c in found if c.state == "unknown" and c.query_value and not
                 c.document_value]  # fmt: skip
        uncovered = self._uncovered(left, right)
        if uncovered:
            gaps.append("对方文本未提到：" + " · ".join(uncovered))
        return Explanation(pairs, evidence, found, reasons, gaps)

    def _pairs(self, left: _Text, right: _Text) -> list[WordPair]:
        ours, theirs, matrix = self._shares(left, right)
        if not matrix.size:
            return []
        kept_ours = np.asarray(list(left.shown.values()))
        kept_theirs = np.asarray(list(right.shown.values()))
        pairs_shown = kept_ours[:, None] & kept_theirs[None, :]
        pairs_shown &= self._meaning(ours, theirs)
        shown = np.where(pairs_shown, matrix, -1.0).ravel()
        count = min(_PAIRS, shown.size)
        best = np.argpartition(-shown, count - 1)[:count]
        best = best[np.lexsort((best, -shown[best]))]
        return [
            WordPair(ours[n // len(theirs)], theirs[n % len(theirs)], float(shown[n]))
            for n in best
            if shown[n] > 0
        ]

    def _meaning(self, ours: Sequence[str], theirs: Sequence[str]) -> NDArray[np.bool_]:
        """(ours, theirs): the same word, or two that the model knows by themselves. What a rare
        word shares with another is only a row, and nothing to show."""
        assert isinstance(self._encoder, StaticEncoder)
        known = [[self._encoder.knows([word]) for word in side] for side in (ours, theirs)]
        same = np.zeros((len(ours), len(theirs)), bool)
        place = {word: n for n, word in enumerate(theirs)}
        for n, word in enumerate(ours):
            if word in place:
                same[n, place[word]] = True
        return np.asarray(np.outer(known[0], known[1]) | same)

    def _same_words(self, left: _Text, right: _Text) -> list[WordPair]:
        """For other encoders: the words in common, by their part of the query's idf."""
        weights = {word: self._weight(word) for word in left.words if left.shown[word]}
        total = sum(weights.values()) or 1.0
        shared = sorted((w for w in weights if w in right.counts), key=lambda w: (-weights[w], w))
        return [WordPair(word, word, weights[word] / total) for word in shared[:_PAIRS]]

    def _weight(self, word: str) -> float:
        """idf in general language, 0 to about 6."""
        size = self._background.weight
        return float(np.log1p(size / (self._background.frequency(word) + 0.5)))

    def _reasons(self, left: _Text, right: _Text, pairs: Sequence[WordPair],
                 evidence: Sequence[Evidence]) -> list[str]:  # fmt: skip
        reasons = []
        shared = [word for word in left.words if word in right.counts and left.shown[word]]
        shared.sort(key=lambda word: (-self._weight(word) * (2 if word in left.title else 1), word))
        chosen: list[str] = []
        for word in shared:
            if len(chosen) < _SHARED and not any(word in one or one in word for one in chosen):
                chosen.append(word)
        if chosen:
            reasons.append("共同关注：" + " · ".join(chosen))
        related = self._related(left, right, pairs)
        if related:
            reasons.append("含义相近：" + "；".join(f"{a} ≈ {b}" for a, b in related))
        if evidence:
            best = evidence[0]
            reasons.append(f"最相关的句子：「{_clip(best.query)}」对「{_clip(best.document)}」")
        return reasons

    def _related(self, left: _Text, right: _Text,
                 pairs: Sequence[WordPair]) -> list[tuple[str, str]]:  # fmt: skip
        if not isinstance(self._encoder, StaticEncoder):
            return []
        at = {word: n for n, word in enumerate(left.words)}
        to = {word: n for n, word in enumerate(right.words)}
        found: list[tuple[str, str]] = []
        for pair in pairs:
            if pair.query in right.counts or pair.document in left.counts:
                continue
            cosine = _cosines(left.word_vectors[at[pair.query]][None],
                              right.word_vectors[to[pair.document]][None])[0, 0]  # fmt: skip
            if cosine >= _RELATED_COSINE and len(found) < _RELATED:
                found.append((pair.query, pair.document))
        return found

    def _uncovered(self, left: _Text, right: _Text) -> list[str]:
        """The query's most telling words that nothing in the document comes near to."""
        words = [
            word for word in left.words
            if left.shown[word] and word not in right.counts
            and (word in left.title or left.counts[word] > 1) and len(word) < 20
        ]  # fmt: skip
        if not words or not right.words:
            return []
        if isinstance(self._encoder, StaticEncoder):
            at = {word: n for n, word in enumerate(left.words)}
            near = _cosines(left.word_vectors[[at[word] for word in words]], right.word_vectors)
            far = near.max(axis=1) < _COVERED_COSINE
            words = [word for word, missing in zip(words, far, strict=True) if missing]
        words.sort(key=lambda word: (-self._weight(word) * (2 if word in left.title else 1), word))
        return words[:_UNCOVERED]


def _cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    one = left / np.maximum(np.linalg.norm(left, axis=1, keepdims=True), 1e-9)
    two = right / np.maximum(np.linalg.norm(right, axis=1, keepdims=True), 1e-9)
    return np.asarray(one @ two.T, np.float32)


def _evidence(left: _Text, right: _Text) -> list[Evidence]:
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
