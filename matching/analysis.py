"""A text taken apart for explaining: its sentences, its words, and what each adds to the vector.

With a static embedding a text's vector is a sum over its segments. Here every segment is booked on
the word it stands in: parts of a word and the bigrams inside it on that word, a bigram across two
words half on each. So the vectors of the words add up to the text's, and those of the words in a
sentence to the sentence's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.encoder import Encoder, StaticEncoder
from matching.text import bigram_across, fold, inner_segments, runs, segment, sentences

_KEPT = 20_000  # words whose rows are remembered (some 8 MB at most)

Vectors = NDArray[np.float32]


@dataclass
class Text:
    """One side of a pair, taken apart. Arrays have one line per distinct word or per sentence."""

    sentences: list[str]
    words: list[str]
    """Distinct words in order of the text."""
    counts: Counter[str]
    """How often each word, part of a word and variant of a designation occurs."""
    title: frozenset[str]
    """The words of the title."""
    known: NDArray[np.bool_]
    """Which words the model knows by themselves."""
    shown: NDArray[np.bool_]
    """Which words may stand in a reason."""
    word_vectors: Vectors
    """(words, dim), sums over all places; zeros under an encoder that is not static."""
    lengths: NDArray[np.float32]
    """(words,) lengths of the vectors."""
    sentence_vectors: Vectors
    """(sentences, dim), unit length."""


class _Word(NamedTuple):
    """What one occurrence of a word is made of, whatever stands beside it."""

    segments: tuple[str, ...]  # the word and its parts
    rows: tuple[int, ...]  # of the model: theirs, and those of the bigrams inside
    known: bool
    shown: bool


class Analyst:
    """Takes texts apart under one encoder; `shows` tells which words may stand in a reason."""

    def __init__(self, encoder: Encoder, shows: Callable[[str], bool]):
        self._encoder = encoder
        self._shows = shows
        self._static = encoder if isinstance(encoder, StaticEncoder) else None
        self._words: dict[str, _Word] = {}
        self._across: dict[str, tuple[int, ...]] = {}

    def __call__(self, title: str, body: str) -> Text:
        """The text of a listing or a query."""
        titles = sentences(title)
        listed = titles + sentences(body)
        found = _Collected()
        for sentence in listed:
            for plain, words in runs(fold(sentence)):
                if plain:
                    self._plain(words, found)
                elif words:
                    self._designation(words, found)
            found.ends.append(len(found.made))
        return self._text(listed, len(titles), found)

    def _plain(self, words: Sequence[str], found: _Collected) -> None:
        """A run of Chinese words."""
        known, across = self._words, self._across
        before = ""
        for text in words:
            word = known.get(text)
            if word is None:
                word = self._word(text, inner_segments(text))
                known = self._words
            if before:
                pair = before[-1] + text[0]
                rows = across.get(pair)
                if rows is None:
                    rows = self._between(before, text)
                    across = self._across
                if rows:
                    found.across[len(found.made)] = rows
            found.made.append(word)
            found.shown.append(text)
            before = text

    def _between(self, left: str, right: str) -> tuple[int, ...]:
        """The rows of the bigram where two words meet."""
        bigram = bigram_across(left, right)
        rows = self._rows(bigram) if bigram else ()
        if len(self._across) >= _KEPT:
            self._across = {}
        self._across[left[-1] + right[0]] = rows
        return rows

    def _designation(self, forms: Sequence[str], found: _Collected) -> None:
        """Latin words, numbers, designations: the first form is the word, the rest variants."""
        text = forms[0]
        word = self._words.get("\0".join(forms)) or self._word("\0".join(forms), (forms, ()))
        found.made.append(word)
        found.shown.append(text)

    def _word(self, key: str, parts: tuple[Sequence[str], Sequence[str]]) -> _Word:
        segments, bigrams = parts
        rows = tuple(row for one in (*segments, *bigrams) for row in self._rows(one))
        known = self._static is not None and self._static.knows(segments[:1])
        word = _Word(tuple(segments), rows, known, self._shows(segments[0]))
        if len(self._words) >= _KEPT:
            self._words = {}
        self._words[key] = word
        return word

    def _rows(self, one: str) -> tuple[int, ...]:
        return self._static.rows_of(one) if self._static else ()

    def _text(self, listed: list[str], titles: int, found: _Collected) -> Text:
        size = self._encoder.dim
        numbers: dict[str, int] = {}
        owners = [numbers.setdefault(word, len(numbers)) for word in found.shown]
        distinct = dict(zip(found.shown, found.made, strict=True))
        counts = Counter(chain.from_iterable(word.segments for word in found.made))
        of_sentences = np.zeros((len(listed), size), np.float32)
        of_words = np.zeros((len(numbers), size), np.float32)
        if self._static is None:
            if listed:
                of_sentences = self._encoder.encode([segment(sentence) for sentence in listed])
        elif owners:
            places = self._places(found)
            of_words = _sums(places, owners)
            start = 0
            for sentence, end in enumerate(found.ends):
                of_sentences[sentence] = places[start:end].sum(axis=0)
                start = end
            of_sentences /= np.maximum(_lengths(of_sentences), 1e-12)[:, None]
        return Text(
            listed,
            list(numbers),
            counts,
            frozenset(found.shown[: found.ends[titles - 1]] if titles else ()),
            np.asarray([word.known for word in distinct.values()], bool),
            np.asarray([word.shown for word in distinct.values()], bool),
            of_words,
            _lengths(of_words),
            of_sentences,
        )

    def _places(self, found: _Collected) -> Vectors:
        """(occurrences, dim): what each occurrence of a word adds to the text's vector."""
        assert self._static is not None
        out = np.zeros((len(found.made), self._static.dim), np.float32)
        table = self._static.token_vectors
        # row after row of each occurrence, all occurrences at once: most have two or three
        lines = [(place, word.rows) for place, word in enumerate(found.made) if word.rows]
        while lines:
            at = [place for place, _ in lines]
            out[at] += table[[rows[0] for _, rows in lines]]
            lines = [(place, rows[1:]) for place, rows in lines if len(rows) > 1]
        pairs = found.across
        while pairs:
            half = np.float32(0.5) * table[[rows[0] for rows in pairs.values()]]
            right = np.fromiter(pairs, np.int64, len(pairs))
            out[right] += half
            out[right - 1] += half
            pairs = {place: rows[1:] for place, rows in pairs.items() if len(rows) > 1}
        return out


class _Collected:
    """The occurrences of words in a text, in order."""

    def __init__(self) -> None:
        self.shown: list[str] = []  # each occurrence as people read it
        self.made: list[_Word] = []  # and what it is made of
        self.across: dict[int, tuple[int, ...]] = {}  # occurrence -> rows of the bigram before it
        self.ends: list[int] = []  # where each sentence ends


def _sums(places: Vectors, owners: Sequence[int]) -> Vectors:
    """(owners, dim): the sum of the occurrences of each."""
    first: dict[int, int] = {}
    again: list[tuple[int, int]] = []
    for place, owner in enumerate(owners):
        if first.setdefault(owner, place) != place:
            again.append((owner, place))
    out = places[list(first.values())]  # owners are numbered in order of their first occurrence
    for owner, place in again:
        out[owner] += places[place]
    return out


def _lengths(vectors: Vectors) -> NDArray[np.float32]:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)), np.float32)
