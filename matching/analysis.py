"""A text taken apart for explaining: its sentences, its words, and what each adds to the vector.

With a static embedding a text's vector is a sum over its segments. Here every segment is booked on
the word it stands in: parts of a word and the bigrams inside it on that word, a bigram across two
words half on each. So the vectors of the words add up to the text's, and those of the words in a
sentence to the sentence's.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, count, pairwise
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.encoder import Encoder, StaticEncoder
from matching.text import Occurrences, fold, inner_segments, occurrences, segment, sentences

_SHORT = 16  # rows
_FETCHED = 2_000  # rows (1 KB each) of several texts that stay in the cache together
_KEPT = 40_000  # words whose rows are remembered (some 16 MB at most)

Vectors = NDArray[np.float32]


class Word(NamedTuple):
    """What one occurrence of a word is made of, whatever stands beside it."""

    word: str
    segments: tuple[str, ...]
    """The word and its parts, or variants of a designation."""
    rows: bytes
    """Of the model, as int64: those of the segments, and of the bigrams inside the word. Bytes of
    many words are joined at once."""
    shown: bool
    """Whether the word may stand in a reason."""
    meaning: bool
    """Whether it may, and the model knows it by itself."""


_word, _segments, _rows, _meaning = map(attrgetter, ("word", "segments", "rows", "meaning"))


@dataclass
class Text:
    """One side of a pair, taken apart. Arrays have one line per distinct word or per sentence."""

    sentences: list[str]
    said: list[Word]
    """All words in order of the text."""
    titled: int
    """So many of these stand in the title."""
    distinct: dict[str, Word]
    """By how they are read, in order of the text."""
    places: dict[str, int]
    """Which of the distinct words each is."""
    word_vectors: Vectors
    """(words, dim), sums over all places; zeros under an encoder that is not static."""
    lengths: NDArray[np.float32]
    """(words,) lengths of the vectors."""
    sentence_vectors: Vectors
    """(sentences, dim), unit length."""

    @cached_property
    def words(self) -> list[str]:
        """Distinct words in order of the text."""
        return list(self.distinct)

    @cached_property
    def title(self) -> frozenset[str]:
        """The words of the title."""
        return frozenset(map(_word, self.said[: self.titled]))

    @cached_property
    def segments(self) -> frozenset[str]:
        """Every word, part of a word and variant of a designation."""
        return frozenset(chain.from_iterable(map(_segments, self.said)))

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each of the segments occurs."""
        return Counter(chain.from_iterable(map(_segments, self.said)))

    @cached_property
    def readable(self) -> list[str]:
        """The words that may stand in a reason."""
        return [word for word, each in self.distinct.items() if each.shown]

    @cached_property
    def strange(self) -> list[str]:
        """Of these, those that the model does not know by themselves."""
        return [word for word in self.readable if not self.distinct[word].meaning]

    @cached_property
    def meaning(self) -> NDArray[np.int64]:
        """The places of the others."""
        flags = map(_meaning, self.distinct.values())
        return np.fromiter(flags, bool, len(self.distinct)).nonzero()[0]

    @cached_property
    def length(self) -> float:
        """Of the vector of the whole text."""
        total = self.word_vectors.sum(axis=0)
        return float(np.sqrt(total @ total))


class Analyst:
    """Takes texts apart under one encoder; `shows` tells which words may stand in a reason."""

    def __init__(self, encoder: Encoder, shows: Callable[[str], bool]):
        self._encoder = encoder
        self._shows = shows
        self._static = encoder if isinstance(encoder, StaticEncoder) else None
        self._words: dict[str | tuple[str, ...], Word] = {}

    def many(self, texts: Sequence[tuple[str, str]]) -> list[Text]:
        """Texts (title, body) of listings or queries: several in less time than one by one, each
        as it would be by itself."""
        if not texts:
            return []
        fields = [[sentences(title), sentences(body)] for title, body in texts]
        listed = [titles + bodies for titles, bodies in fields]
        found = occurrences(fold(sentence) for text in listed for sentence in text)
        said = self._met(found.words)
        shown = list(map(_word, said))
        # where sentences begin among all occurrences of words, texts among sentences, and texts
        # among occurrences
        ends = [0, *found.ends]
        bounds = list(accumulate(map(len, listed), initial=0))
        spans = [(ends[first], ends[last]) for first, last in pairwise(bounds)]
        distinct = [dict(zip(shown[one:two], said[one:two], strict=True)) for one, two in spans]
        places = [dict(zip(words, count(), strict=False)) for words in distinct]
        # of each occurrence, its word; words are numbered through all texts
        sizes = list(accumulate(map(len, places), initial=0))
        owners = np.fromiter(
            chain.from_iterable(
                map(own.__getitem__, shown[one:two])
                for own, (one, two) in zip(places, spans, strict=True)
            ),
            np.int64,
            len(shown),
        )
        owners += np.repeat(sizes[:-1], [two - one for one, two in spans])
        if self._static is None:
            vectors = self._encoded(list(chain.from_iterable(listed)), sizes[-1])
        else:
            vectors = _vectors(self._static, found, said, owners, bounds, sizes)
        of_words, of_sentences = vectors
        lengths = _lengths(of_words)
        return [
            Text(
                listed[n],
                said[slice(*spans[n])],
                ends[bounds[n] + len(fields[n][0])] - ends[bounds[n]],
                distinct[n],
                places[n],
                of_words[first:last],
                lengths[first:last],
                of_sentences[bounds[n] : bounds[n + 1]],
            )
            for n, (first, last) in enumerate(pairwise(sizes))
        ]

    def _encoded(self, listed: Sequence[str], words: int) -> tuple[Vectors, Vectors]:
        """Vectors under an encoder that has none for words."""
        dim = self._encoder.dim
        segmented = [segment(sentence) for sentence in listed]
        found = self._encoder.encode(segmented) if listed else np.zeros((0, dim), np.float32)
        return np.zeros((words, dim), np.float32), found

    def _met(self, words: Sequence[str | tuple[str, ...]]) -> list[Word]:
        """What each of these is made of."""
        known = self._words
        met: dict[str | tuple[str, ...], Word] = {}
        new: list[str | tuple[str, ...]] = []
        for word in dict.fromkeys(words):  # in a table of so many every look-up waits for memory
            found = known.get(word)
            if found is None:
                new.append(word)
            else:
                met[word] = found
        if new:
            if len(known) + len(new) > _KEPT:
                known = self._words = {}
            # inside a shorter word of the dictionary there is nothing
            long = [word for word in new if isinstance(word, str) and len(word) > 2]
            inside = dict(zip(long, inner_segments(long), strict=True))
            for word in new:
                if isinstance(word, tuple):
                    met[word] = known[word] = self._word(word, ())
                else:
                    met[word] = known[word] = self._word(*inside.get(word, ([word], [])))
        return list(map(met.__getitem__, words))

    def _word(self, segments: Sequence[str], bigrams: Sequence[str]) -> Word:
        rows: tuple[int, ...] = ()
        known = False
        if self._static:
            rows = self._static.rows_of(segments[0])
            known = len(rows) == 1
            for one in (*segments[1:], *bigrams):
                rows += self._static.rows_of(one)
        shown = self._shows(segments[0])
        packed = struct.pack(f"{len(rows)}q", *rows)
        return Word(segments[0], tuple(segments), packed, shown, shown and known)


def _vectors(
    static: StaticEncoder,
    found: Occurrences,
    said: Sequence[Word],
    owners: NDArray[np.int64],
    texts: Sequence[int],
    sizes: Sequence[int],
) -> tuple[Vectors, Vectors]:
    """(words, dim) sums over all places of each word, and (sentences, dim) of length one; `texts`
    and `sizes` tell where the sentences and the distinct words of each text begin."""
    made = list(map(_rows, said))
    many = np.fromiter(map(len, made), np.int64, len(made)) // 8
    between, each = static.rows_of_pairs(found.pairs)
    right = found.right.repeat(each)  # of each row of a pair, the word right of it
    rows = np.concatenate([np.frombuffer(b"".join(made), np.int64), between])
    occurrence = np.concatenate([np.arange(len(made)).repeat(many), right])
    counts = np.asarray(np.diff(found.ends, prepend=0), np.int64)
    sentence = np.arange(len(counts)).repeat(counts).take(occurrence)
    # the rows of a sentence stand together: first those of its words, then those between these
    order = _sorted(sentence, len(counts))
    rows, occurrence = rows.take(order), occurrence.take(order)
    crossing = order >= len(rows) - len(between)
    bounds = [0, *np.bincount(sentence, minlength=len(counts)).cumsum().tolist()]
    dim = static.token_vectors.shape[1]
    words, listed = np.empty((sizes[-1], dim), np.float32), np.empty((len(counts), dim), np.float32)
    for first, last in _portions([bounds[text] for text in texts]):
        start, stop = bounds[texts[first]], bounds[texts[last]]
        table = static.token_vectors.take(rows[start:stop], axis=0, mode="clip")
        for place in range(texts[first], texts[last]):
            one, two = bounds[place] - start, bounds[place + 1] - start
            np.add.reduce(table[one:two], axis=0, out=listed[place])
        (across,) = crossing[start:stop].nonzero()
        (inside,) = (~crossing[start:stop]).nonzero()
        own = owners.take(occurrence[start:stop]) - sizes[first]
        left = owners.take(occurrence[start:stop].take(across) - 1) - sizes[first]
        table[across] *= np.float32(0.5)  # a bigram across two words is half of each
        words[sizes[first] : sizes[last]] = _added(
            table,
            np.concatenate([inside, across, across]),
            np.concatenate([own.take(inside), own.take(across), left]),
            sizes[last] - sizes[first],
        )
    listed /= np.maximum(_lengths(listed), 1e-12)[:, None]
    return words, listed


def _portions(starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Texts (from, until) of which the rows are fetched together, when these begin there."""
    first = 0
    for last in range(1, len(starts)):
        if last + 1 == len(starts) or starts[last + 1] - starts[first] > _FETCHED:
            yield first, last
            first = last


def _sorted(owners: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """A stable order of numbers below `count`: numpy sorts those of 16 bits many times as
    quickly."""
    return owners.astype(np.uint16 if count < 2**16 else np.int64).argsort(kind="stable")


def _added(
    table: Vectors, rows: NDArray[np.int64], owners: NDArray[np.int64], count: int
) -> Vectors:
    """(count, dim): the sum of the table's rows of each owner, one after the other."""
    rows = rows.take(_sorted(owners, count))
    sizes = np.bincount(owners, minlength=count)
    # numpy adds pieces of an array slowly (`reduceat`): the few long ones go each by itself, the
    # many short ones row by row, all of them at once; the longest first, so that those that have
    # one more row are always the first ones
    longest = (-sizes).argsort(kind="stable")
    starts, sizes = (sizes.cumsum() - sizes).take(longest), sizes.take(longest)
    long = int((sizes > _SHORT).sum())
    total = np.empty((count, table.shape[1]), np.float32)
    # into memory that is there already: to be given new pages costs more than the rows
    kept = np.empty((int(max(count - long, sizes.max(initial=0))), table.shape[1]), np.float32)
    places = zip(starts[:long].tolist(), sizes[:long].tolist(), strict=True)
    for owner, (first, size) in enumerate(places):
        one = rows[first : first + size]
        found = table.take(one, axis=0, out=kept[:size], mode="clip")
        np.add.reduce(found, axis=0, out=total[owner])
    starts, sizes, short = starts[long:], sizes[long:], total[long:]
    for place in range(_SHORT):
        size = int((sizes > place).sum())
        if not place:
            short[size:] = 0.0
        if not size:
            break
        room = kept if place else short
        chosen = rows.take(starts[:size] + place)
        found = table.take(chosen, axis=0, out=room[:size], mode="clip")
        if place:
            short[:size] += found
    out = np.empty_like(total)
    out[longest] = total
    return out


def _lengths(vectors: Vectors) -> NDArray[np.float32]:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)), np.float32)
