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
from functools import cached_property
from itertools import chain, compress, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.encoder import Encoder, StaticEncoder
from matching.text import bigram_across, fold, inner_segments, runs, segment, sentences

_SHORT = 8  # rows
_KEPT = 20_000  # words of each sort whose rows are remembered (some 8 MB at most)

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

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each of the words stands among them."""
        return {word: n for n, word in enumerate(self.words)}

    @cached_property
    def readable(self) -> list[str]:
        """The words that may stand in a reason."""
        return list(compress(self.words, self.shown.tolist()))

    @cached_property
    def length(self) -> float:
        """Of the vector of the whole text."""
        return float(np.linalg.norm(self.word_vectors.sum(axis=0)))


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
        self._words: dict[str, _Word] = {}  # Chinese ones
        self._designations: dict[str, _Word] = {}

    def many(self, texts: Sequence[tuple[str, str]]) -> list[Text]:
        """Texts (title, body) of listings or queries: several in less time than one by one, each
        as it would be by itself."""
        if not texts:
            return []
        collected = self._collected(texts)
        if self._static is None:
            return [self._text(found, self._encoded(found)) for found in collected]
        vectors = _vectors(collected, self._static)
        return [self._text(*each) for each in zip(collected, vectors, strict=True)]

    def _collected(self, texts: Sequence[tuple[str, str]]) -> list[_Collected]:
        found = []
        for title, body in texts:
            titles = sentences(title)
            found.append(_Collected([*titles, *sentences(body)], len(titles)))
        said = runs(fold(sentence) for text in found for sentence in text.sentences)
        known = self._met([words for pieces in said for plain, words in pieces if plain])
        cut = iter(said)
        for text in found:
            for pieces in islice(cut, len(text.sentences)):
                for plain, words in pieces:
                    if plain:
                        text.add([known[word] for word in words], words)
                    elif words:
                        text.add([self._designation(words)], words[:1])
                text.ends.append(len(text.made))
        return found

    def _met(self, cut: list[Sequence[str]]) -> dict[str, _Word]:
        """The words that were met before, all of these Chinese ones among them."""
        known = self._words
        distinct = set(chain.from_iterable(cut))
        new = [word for word in distinct if word not in known]
        if len(known) + len(new) > _KEPT:
            known, new = {}, list(distinct)
            self._words = known
        inner = inner_segments(new)
        known.update((segments[0], self._word(segments, pairs)) for segments, pairs in inner)
        return known

    def _designation(self, forms: Sequence[str]) -> _Word:
        """Latin words, numbers, designations: the first form is the word, the rest variants."""
        key = "\0".join(forms)
        word = self._designations.get(key)
        if word is None:
            word = self._word(forms, ())
            if len(self._designations) >= _KEPT:
                self._designations = {}
            self._designations[key] = word
        return word

    def _word(self, segments: Sequence[str], bigrams: Sequence[str]) -> _Word:
        rows = tuple(row for one in (*segments, *bigrams) for row in self._rows(one))
        known = self._static is not None and self._static.knows(segments[:1])
        return _Word(tuple(segments), rows, known, self._shows(segments[0]))

    def _rows(self, one: str) -> tuple[int, ...]:
        return self._static.rows_of(one) if self._static else ()

    def _encoded(self, found: _Collected) -> tuple[Vectors, Vectors]:
        """Vectors under an encoder that has none for words."""
        none = np.zeros((len(set(found.shown)), self._encoder.dim), np.float32)
        if not found.sentences:
            return none, np.zeros((0, self._encoder.dim), np.float32)
        return none, self._encoder.encode([segment(sentence) for sentence in found.sentences])

    def _text(self, found: _Collected, vectors: tuple[Vectors, Vectors]) -> Text:
        distinct = dict(zip(found.shown, found.made, strict=True))
        of_words, of_sentences = vectors
        titles = found.titles
        return Text(
            found.sentences,
            list(distinct),
            Counter(chain.from_iterable(word.segments for word in found.made)),
            frozenset(found.shown[: found.ends[titles - 1]] if titles else ()),
            np.asarray([word.known for word in distinct.values()], bool),
            np.asarray([word.shown for word in distinct.values()], bool),
            of_words,
            _lengths(of_words),
            of_sentences,
        )


class _Collected:
    """The occurrences of words in a text, in order."""

    def __init__(self, listed: list[str], titles: int) -> None:
        self.sentences, self.titles = listed, titles  # of which so many are the title's
        self.shown: list[str] = []  # each occurrence as people read it
        self.made: list[_Word] = []  # and what it is made of
        self.across: list[str] = []  # the bigrams where two words meet
        self.right: list[int] = []  # and which occurrence stands right of each
        self.ends: list[int] = []  # where each sentence ends

    def add(self, made: Sequence[_Word], shown: Sequence[str]) -> None:
        """Words that stand one right after the other."""
        first = len(self.made) + 1
        self.made += made
        self.shown += shown
        if len(shown) > 1:
            self.across += map(bigram_across, shown[:-1], shown[1:])
            self.right += range(first, first + len(shown) - 1)


def _vectors(texts: Sequence[_Collected], static: StaticEncoder) -> list[tuple[Vectors, Vectors]]:
    """(words, dim) sums over all places of each word, and (sentences, dim) of length one, for each
    text: all rows are fetched at once, and added up word by word in order of the text."""
    owners: list[int] = []  # of each occurrence, its word; words are numbered through all texts
    sizes: list[int] = []  # of each text, how many different words
    ends: list[int] = [0]  # of the sentences of all texts
    right: list[NDArray[np.int64]] = []
    table = static.token_vectors
    first = begun = 0
    for text in texts:
        numbers: dict[str, int] = {}
        owners += [numbers.setdefault(word, begun + len(numbers)) for word in text.shown]
        right.append(np.asarray(text.right, np.int64) + first)
        ends += [first + end for end in text.ends]
        sizes.append(len(numbers))
        begun += len(numbers)
        first += len(text.made)
    made = list(chain.from_iterable(text.made for text in texts))
    rows = np.fromiter(chain.from_iterable(word.rows for word in made), np.int64)
    of = np.repeat(np.arange(len(made)), [len(word.rows) for word in made])
    between, until = static.rows([bigram] for text in texts for bigram in text.across)
    places = np.repeat(np.concatenate(right), np.diff(until, prepend=0))
    word = np.asarray(owners, np.int64)
    words = _added(
        table,
        np.concatenate([rows, between, between]),
        word[np.concatenate([of, places, places - 1])],
        begun,
        len(rows),  # a bigram across two words is half of each
    )
    sentence = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    listed = _added(
        table,
        np.concatenate([rows, between]),
        sentence[np.concatenate([of, places])],
        len(ends) - 1,
        len(rows) + len(between),
    )
    listed /= np.maximum(_lengths(listed), 1e-12)[:, None]
    own = np.split(words, np.cumsum(sizes)[:-1])
    said = np.split(listed, np.cumsum([len(text.sentences) for text in texts])[:-1])
    return list(zip(own, said, strict=True))


def _added(
    table: Vectors, rows: NDArray[np.int64], owners: NDArray[np.int64], count: int, whole: int
) -> Vectors:
    """(count, dim): the sum of the table's rows of each owner, one after the other; those from
    place `whole` on count half."""
    out = np.zeros((count, table.shape[1]), np.float32)
    order = np.argsort(owners, kind="stable")
    found = table.take(rows[order], axis=0)
    found[order >= whole] *= np.float32(0.5)
    ends = np.searchsorted(owners[order], np.arange(count), "right")
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64) if count else ends
    sizes = ends - starts
    # numpy adds pieces of an array slowly (`reduceat`): the many short ones go row by row, all of
    # them at once, the few long ones each by itself
    short = np.flatnonzero((sizes > 0) & (sizes <= _SHORT))
    for place in range(_SHORT):
        short = short[sizes[short] > place]
        out[short] += found[starts[short] + place]
    for owner in np.flatnonzero(sizes > _SHORT).tolist():
        np.add.reduce(found[starts[owner] : ends[owner]], axis=0, out=out[owner])
    return out


def _lengths(vectors: Vectors) -> NDArray[np.float32]:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)), np.float32)
