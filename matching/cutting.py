"""Cuts runs of Han characters into words: the likeliest path through all dictionary words.

The algorithm is that of jieba with HMM off: of all ways to write a run as dictionary words, the
one with the greatest product of shares, reckoned from the end, ties to the longer word. Many runs
go through it side by side, each step being one place of every run counted from its end; a few short
ones are quicker one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.compiled import NOTHING, Compiled, Floats, Numbers

BETWEEN = "\0"  # between runs: no word has it
_FEW = 2000  # characters
_SIDES = 64  # more than the longest word has characters


class Found(NamedTuple):
    """Beginnings of dictionary words of one length: where they start in the joined runs, in order,
    and their scores, NOTHING for those that are no words themselves."""

    starts: Numbers
    scores: Floats


@dataclass(frozen=True, slots=True)
class Cut:
    """Runs, joined, and where their words are."""

    text: str
    """The runs with BETWEEN between them."""
    firsts: Numbers
    lasts: Numbers
    """Where each run begins and ends."""
    starts: Numbers
    ends: Numbers
    """Of all words, in order."""
    found: list[Found]
    """Of two characters first, then of three, …"""

    def words(self) -> list[str]:
        """The words of all runs."""
        text, places = self.text, zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        return [text[start:end] for start, end in places]

    def bounds(self) -> Numbers:
        """How many words come before the end of each run."""
        return np.asarray(self.starts.searchsorted(self.lasts))

    def runs(self) -> list[list[str]]:
        """The words of each run."""
        words, bounds = self.words(), self.bounds().tolist()
        first, runs = 0, []
        for bound in bounds:
            runs.append(words[first:bound])
            first = bound
        return runs


def cut(dictionary: Compiled, runs: Sequence[str]) -> Cut:
    """The words of runs that hold no BETWEEN."""
    text, firsts, lasts = _joined(runs)
    singles, several = dictionary.find(text)
    found = [Found(*each) for each in several]
    way = _one_by_one if len(text) < _FEW else _side_by_side
    starts = way(singles, found, firsts, lasts)
    # a word ends where the next one of its run begins
    ends = np.empty_like(starts)
    ends[:-1] = starts[1:]
    closed = lasts[lasts > firsts]
    ends[starts.searchsorted(closed) - 1] = closed
    return Cut(text, firsts, lasts, starts, ends, found)


class Short(NamedTuple):
    """What `Cut` tells, as Python's own objects: for a query numpy's calls take most of the time,
    however little they have to do."""

    text: str
    runs: list[tuple[int, int]]
    """Where each begins and ends."""
    starts: list[int]
    """Of all words, in order."""
    words: list[dict[int, float]]
    """Of two characters first, then of three, …: where all in the dictionary start."""


def short(dictionary: Compiled, runs: Sequence[str]) -> Short:
    """`cut` for a few short runs."""
    text, places = _listed(runs)
    singles, several = dictionary.find(text)
    words = _by_start([Found(*each) for each in several])
    return Short(text, places, _starts(singles, words, places), words)


def whole(dictionary: Compiled, words: Sequence[str]) -> Short:
    """Words (none of them empty) that stay as they are, for what is inside them: words of two and
    three characters."""
    text, places = _listed(words)
    inside = _by_start([Found(*each) for each in dictionary.find(text, 3)[1]])
    return Short(text, places, [first for first, _ in places], inside)


def _listed(runs: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """One text, and where each run begins and ends in it."""
    places: list[tuple[int, int]] = []
    first = 0
    for run in runs:
        places.append((first, first + len(run)))
        first += len(run) + 1
    return BETWEEN.join(runs), places


def _joined(runs: Sequence[str]) -> tuple[str, Numbers, Numbers]:
    """One text, and where each run begins and ends in it."""
    sizes = np.fromiter(map(len, runs), np.int64, len(runs))
    lasts = np.cumsum(sizes + 1) - 1
    return BETWEEN.join(runs), lasts - sizes, lasts


def _one_by_one(singles: Floats, found: list[Found], firsts: Numbers, lasts: Numbers) -> Numbers:
    """Where words start, run after run."""
    runs = zip(firsts.tolist(), lasts.tolist(), strict=True)
    return np.asarray(_starts(singles, _by_start(found), runs), np.int64)


def _by_start(found: list[Found]) -> list[dict[int, float]]:
    """The words of each length: where they start, and their scores."""
    return [
        {
            start: score
            for start, score in zip(starts.tolist(), scores.tolist(), strict=True)
            if score > NOTHING
        }
        for starts, scores in found
    ]


def _starts(
    singles: Floats, words: list[dict[int, float]], runs: Iterable[tuple[int, int]]
) -> list[int]:
    """Where the likeliest words of each run (first, last) start."""
    alone = singles.tolist()
    pairs = words[0] if words else {}  # apart, as most words have two characters
    longer: dict[int, list[tuple[int, float]]] = {}
    for length, each in enumerate(words[1:], 3):
        for start, score in each.items():
            longer.setdefault(start, []).append((start + length, score))
    best = [0.0] * (len(alone) + 1)
    ends = list(range(1, len(alone) + 1))
    starts: list[int] = []
    for first, last in runs:
        after = beyond = 0.0  # the best from the next place on, and from the one behind it
        for start in range(last - 1, first - 1, -1):
            top = alone[start] + after
            if start in pairs:
                value = pairs[start] + beyond
                if value >= top:
                    top, ends[start] = value, start + 2
            if start in longer:
                for end, score in longer[start]:
                    value = score + best[end]
                    if value >= top:
                        top, ends[start] = value, end
            best[start] = top
            beyond, after = after, top
        start = first
        while start < last:
            starts.append(start)
            start = ends[start]
    return starts


def _side_by_side(singles: Floats, found: list[Found], firsts: Numbers, lasts: Numbers) -> Numbers:
    """The same for all runs at once. Places are kept by how far they are from the end of their run,
    and among these by the length of the run, longest first: a step and the places that words of
    two characters lead to are pieces of one array."""
    sizes = lasts - firsts
    order = np.argsort(-sizes, kind="stable")
    rank = np.empty(len(sizes), np.int64)
    rank[order] = np.arange(len(sizes))
    deepest = int(sizes.max(initial=0))
    # how many runs reach so far back, and where these places begin; place 0 is behind the end
    active = np.searchsorted(-sizes[order], -np.arange(deepest + 1), "right")
    begun = np.concatenate([[0], np.cumsum(active)])
    of = np.repeat(np.arange(len(sizes)), sizes)
    places = np.arange(len(of)) + (firsts - (np.cumsum(sizes) - sizes))[of]
    back = np.zeros(len(singles), np.int64)
    back[places] = lasts[of] - places
    beside = np.zeros(len(singles), np.int64)
    beside[places] = rank[of]
    slots = begun[back] + beside

    total = int(begun[-1])
    alone, pairs = np.zeros(total), np.full(total, NOTHING)
    alone[slots[places]] = singles[places]
    if found:
        pairs[slots[found[0].starts]] = found[0].scores
    more = _Longer.of(found[1:], back, slots, begun, beside)
    best, jumps = np.zeros(total), np.ones(total, np.int64)
    for step in range(1, deepest + 1):
        first, count = int(begun[step]), int(active[step])
        here = slice(first, first + count)
        before = int(begun[step - 1])
        top = alone[here] + best[before : before + count]
        if step > 1:
            before = int(begun[step - 2])
            value = pairs[here] + best[before : before + count]
            jumps[here] += value >= top
            np.maximum(top, value, out=top)
        best[here] = top
        more.take(step, best, jumps)

    starts = np.zeros(len(singles), bool)
    moves = jumps[slots]
    word, ends = firsts[sizes > 0], lasts[sizes > 0]
    while len(word):
        starts[word] = True
        word = word + moves[word]
        going = word < ends
        word, ends = word[going], ends[going]
    return np.flatnonzero(starts)


class _Longer:
    """Words of three characters and more, in the order in which the steps meet them."""

    def __init__(self, steps: Numbers, here: Numbers, there: Numbers, scores: Floats):
        """`steps` is step times _SIDES plus length, ascending."""
        self._here, self._there, self._scores = here, there, scores
        self._groups: dict[int, list[tuple[int, int, int]]] = {}
        bounds = np.flatnonzero(np.diff(steps, prepend=-1, append=-1)).tolist()
        for first, last in pairwise(bounds):
            step, length = divmod(int(steps[first]), _SIDES)
            self._groups.setdefault(step, []).append((length, first, last))

    @classmethod
    def of(
        cls, found: list[Found], back: Numbers, slots: Numbers, begun: Numbers, beside: Numbers
    ) -> _Longer:
        """`back` tells how far each place is from its end, `slots` where it is kept."""
        if not found:
            none = np.zeros(0, np.int64)
            return cls(none, none, none, np.zeros(0))
        starts = np.concatenate([each.starts for each in found])
        lengths = np.repeat(np.arange(3, 3 + len(found)), [len(each.starts) for each in found])
        steps = back[starts] * _SIDES + lengths
        order = np.argsort(steps, kind="stable")
        starts, lengths = starts[order], lengths[order]
        there = begun[back[starts] - lengths] + beside[starts]
        scores = np.concatenate([each.scores for each in found])[order]
        return cls(steps[order], slots[starts], there, scores)

    def take(self, step: int, best: Floats, jumps: NDArray[np.int64]) -> None:
        """Improves the places of one step."""
        for length, first, last in self._groups.get(step, ()):
            here = self._here[first:last]
            value = self._scores[first:last] + best[self._there[first:last]]
            better = value >= best[here]
            here = here[better]
            best[here] = value[better]
            jumps[here] = length
