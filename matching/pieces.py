"""What runs of Han characters are indexed by: words, the words inside them, pairs of characters.

A run gives its words in order, after each one of more than two characters the dictionary's words
of two characters inside it, then those of three (jieba's search mode); then every pair of
neighbouring characters that is not one of these words and holds no grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.compiled import CODES, NOTHING, Numbers, codes_of
from matching.cutting import BETWEEN, Cut, Short

BIGRAM = "~"  # first character of a pair as a segment; no word segment contains it
# Characters that are nearly always grammar: a pair with one of them says nothing.
GRAMMAR = frozenset("的了和与及是在等或而并其该此将被把从且也都很则之以")
_SAYS_NOTHING = re.compile(f"[{''.join(sorted(GRAMMAR))}]")
_SILENT = np.zeros(CODES, bool)
_SILENT[[ord(character) for character in (*GRAMMAR, BETWEEN)]] = True


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of the runs of a `Cut`: in each run first `words`, then `pairs`."""

    words: Places
    """Words, each with those inside it."""
    nested: NDArray[np.bool_]
    """Which of these are inside another."""
    pairs: Places

    def segments(self) -> list[list[str]]:
        """The pieces of each run as they are indexed."""
        words, pairs = self.words.texts(), self.pairs.texts(BIGRAM)
        return [
            words[one:two] + pairs[three:four]
            for (one, two), (three, four) in zip(self.words.runs(), self.pairs.runs(), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Places:
    """Pieces of one sort, run by run."""

    text: str
    starts: Numbers
    ends: Numbers
    bounds: Numbers
    """How many come before the end of each run."""

    def texts(self, mark: str = "") -> list[str]:
        """All of them, each with the mark before it."""
        text, places = self.text, zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        if mark:
            return [mark + text[start:end] for start, end in places]
        return [text[start:end] for start, end in places]

    def runs(self) -> Iterator[tuple[int, int]]:
        """The first of each run and the one after its last."""
        bounds = self.bounds.tolist()
        return zip([0, *bounds], bounds, strict=False)


def pieces(cut: Cut) -> Pieces:
    """All pieces of some runs."""
    starts, ends = [cut.starts], [cut.ends]
    # of each word and each inside it: where the (outer) word starts, and in which order they come
    under, order = [cut.starts], [np.zeros(len(cut.starts), np.int64)]
    silent = _SILENT.take(codes_of(cut.text), mode="clip")
    told = silent[:-1] | silent[1:]  # a pair that would say nothing, or a word again
    for length, found in zip((2, 3), cut.found, strict=False):
        at = found.starts[found.scores > NOTHING]
        word = cut.starts.searchsorted(at, "right") - 1
        first, last = cut.starts[word], cut.ends[word]
        inside = at + length <= last
        if length == 2:
            told[at[inside]] = True
        (within,) = (inside & (last - first > length)).nonzero()
        at = at[within]
        starts.append(at)
        ends.append(at + length)
        under.append(first[within])
        order.append(np.full(len(at), length))
    size = len(cut.text) + 1
    keys = (np.concatenate(under) * 4 + np.concatenate(order)) * size + np.concatenate(starts)
    sorting = keys.argsort()
    beginnings = np.concatenate(starts)[sorting]
    (pairs,) = (~told).nonzero()
    return Pieces(
        Places(
            cut.text,
            beginnings,
            np.concatenate(ends)[sorting],
            beginnings.searchsorted(cut.lasts),
        ),
        sorting >= len(cut.starts),
        Places(cut.text, pairs, pairs + 2, pairs.searchsorted(cut.lasts)),
    )


def across(cut: Cut) -> tuple[list[str], Numbers]:
    """The pairs of characters of which one ends a word and the other begins the next, and which
    word that is; those that say nothing are left out."""
    silent = _SILENT.take(codes_of(cut.text), mode="clip")
    met = cut.starts[1:]  # no word stands before the first
    (words,) = (~(silent.take(met) | silent.take(met - 1))).nonzero()
    text = cut.text
    return [text[at - 1 : at + 1] for at in met.take(words).tolist()], words + 1


def short_segments(cut: Short) -> list[list[str]]:
    """`Pieces.segments` of a few short runs."""
    text = cut.text
    twos, threes = (*cut.words[:2], {}, {})[:2]
    silent = [match.start() for match in _SAYS_NOTHING.finditer(text)]
    told = {*silent, *(at - 1 for at in silent)}  # pairs that would say nothing, or a word again
    starts = iter([*cut.starts[1:], len(text) + 1])
    found: list[list[str]] = []
    for first, last in cut.runs:
        segments: list[str] = []
        start = first
        while start < last:
            end = min(next(starts), last)
            segments.append(text[start:end])
            size = end - start
            if size == 2:
                told.add(start)
            elif size > 2:
                inside = [at for at in range(start, end - 1) if at in twos]
                told.update(inside)
                segments += [text[at : at + 2] for at in inside]
                if size > 3:
                    segments += [text[at : at + 3] for at in range(start, end - 2) if at in threes]
            start = end
        segments += [BIGRAM + text[at : at + 2] for at in range(first, last - 1) if at not in told]
        found.append(segments)
    return found
