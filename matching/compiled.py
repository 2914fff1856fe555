"""A dictionary as sorted arrays: small, quick to load, and asked for whole texts at once.

The words are a tree of characters, kept level by level: on level l stand the distinct beginnings
of l characters, each found by one number made of its parent and its last character. So every
place of many texts goes through one binary search per level (`numpy.searchsorted`), instead of a
look-up in Python for each place and length. The dictionary of 350,000 words is 9 MB in memory; as
a Python dictionary it would be 70.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes import archive

_FORMAT = 2
CODES = 0x40000  # code points that may have a number; no character in use lies above
NOTHING = -math.inf
"""The score of a beginning that is no word itself."""

_HIGHEST = 2**32 - 1

Keys = NDArray[np.uint32]
Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


def codes_of(text: str) -> NDArray[np.uint32]:
    """The code point of each character."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


class CompiledInvalid(ValueError):
    """The file is no packed dictionary of this version, or was cut off."""


@dataclass(frozen=True, slots=True)
class Level:
    """The beginnings of one length, in order of `keys`."""

    keys: Keys
    """What its parent opens plus the number of its last character; on the first level that number
    alone. One higher than all at the end, so that every search ends inside."""
    scores: Floats
    """What each is worth as a word; NOTHING where it is none."""
    opens: Keys
    """Where the keys of the longer ones begin: a multiple of the width, 0 where there are none."""

    @classmethod
    def of(cls, keys: Numbers, scores: Floats, deep: NDArray[np.bool_], width: int) -> Level:
        """From keys in order, and whether longer words begin with each."""
        opens = np.where(deep, np.cumsum(deep) * width, 0)
        if int(opens.max(initial=0)) + width > _HIGHEST:
            raise ValueError("词典太大了。")
        closed = np.append(keys, _HIGHEST).astype(np.uint32)
        return cls(closed, np.append(scores, NOTHING), np.append(opens, 0).astype(np.uint32))


class Compiled:
    """Words with scores: `find` tells which of them stand at every place of a text.

    `characters` are the code points in use, numbered from 1 in this order; `source` tells what the
    words were made from, `unknown` is the score of a character that is no word.
    """

    def __init__(
        self,
        characters: NDArray[np.uint32],
        levels: Sequence[Level],
        unknown: float = NOTHING,
        source: str = "",
    ):
        self.characters, self.levels = characters, tuple(levels)
        self.unknown, self.source = unknown, source
        self._width = len(characters) + 1
        self._numbers = np.zeros(CODES, np.uint32)
        self._numbers[characters] = np.arange(1, self._width)
        self._singles = np.full(self._width, unknown)
        self._opens = np.zeros(self._width, np.uint32)
        if levels:
            keys, scores = levels[0].keys[:-1], levels[0].scores[:-1]
            self._singles[keys] = np.where(scores > NOTHING, scores, unknown)
            self._opens[keys] = levels[0].opens[:-1]

    def numbers(self, text: str) -> NDArray[np.uint32]:
        """The number of each character of `text`, 0 for one that no word has."""
        return np.asarray(self._numbers.take(codes_of(text), mode="clip"))

    def find(
        self, text: str, longest: int | None = None
    ) -> tuple[Floats, list[tuple[Numbers, Floats]]]:
        """The scores of every character; and of the beginnings of two characters, of three and so
        on (up to `longest`), where they start, in order, and their scores, NOTHING for those that
        are no words."""
        numbers = self.numbers(text)
        found: list[tuple[Numbers, Floats]] = []
        padded = np.zeros(len(numbers) + len(self.levels) + 1, np.uint32)
        padded[: len(numbers)] = numbers
        at = np.arange(len(numbers))
        wanted = self._opens.take(numbers)
        # `take`, as indexing by an array costs three times as much where there are few places
        for depth, level in enumerate(self.levels[1:longest], 1):
            wanted += padded[depth:].take(at)
            place = level.keys.searchsorted(wanted)
            (hit,) = (level.keys.take(place) == wanted).nonzero()
            if not len(hit):
                break
            at, place = at.take(hit), place.take(hit)
            found.append((at, level.scores.take(place)))
            wanted = level.opens.take(place)
        return self._singles.take(numbers), found

    def score(self, word: str) -> float:
        """What one word is worth; NOTHING for what is none."""
        if len(word) < 2:
            level, number = self.levels[0], self.numbers(word)
            place = level.keys.searchsorted(number)
            known = level.keys[place] == number
            return float(level.scores[place[0]]) if known.any() else NOTHING
        for at, scores in self.find(word)[1][len(word) - 2 : len(word) - 1]:
            if not at[0]:
                return float(scores[0])
        return NOTHING

    def extended(self, words: Mapping[str, float]) -> Compiled:
        """These words too, with their scores; those it has already take the new ones."""
        text = "".join(words)
        codes = codes_of(text)
        if len(codes) and codes.max() >= CODES:
            raise ValueError(f"词典里有不支持的字符：{chr(int(codes.max()))!r}")
        new = np.setdiff1d(codes, self.characters)
        characters = np.concatenate([self.characters, new]).astype(np.uint32)
        numbering = Compiled(characters, ())
        numbers, width = numbering.numbers(text).astype(np.int64), len(characters) + 1
        sizes = np.fromiter(map(len, words), np.int64, len(words))
        starts = np.cumsum(sizes) - sizes
        values = np.fromiter(words.values(), np.float64, len(words))
        bases = np.zeros(len(words), np.int64)  # of every word, what its beginning opens
        # of every former beginning one shorter that opened something, by its number among these
        moved = np.zeros(1, np.int64)
        levels: list[Level] = []
        for depth in range(max(len(self.levels), int(sizes.max(initial=0)))):
            old = self.levels[depth] if depth < len(self.levels) else _EMPTY
            former, last = np.divmod(old.keys[:-1].astype(np.int64), self._width)
            kept = moved[former] + last
            longer = sizes > depth
            sizes, starts = sizes[longer], starts[longer]
            values, bases = values[longer], bases[longer]
            own = bases + numbers[starts + depth]
            keys = np.union1d(kept, own)
            before, now = keys.searchsorted(kept), keys.searchsorted(own)
            scores, deep = np.full(len(keys), NOTHING), np.zeros(len(keys), bool)
            scores[before], deep[before] = old.scores[:-1], old.opens[:-1] > 0
            ended = sizes == depth + 1
            scores[now[ended]] = values[ended]
            deep[now[~ended]] = True
            level = Level.of(keys, scores, deep, width)
            levels.append(level)
            opened = level.opens.astype(np.int64)
            moved = np.append(0, opened[before][old.opens[:-1] > 0])
            bases = opened[now]
        return Compiled(characters, levels, self.unknown, self.source)


_EMPTY = Level.of(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool), 1)


def pack(frequencies: Mapping[str, int], total: int, source: str = "") -> bytes:
    """The words with their counts as the bytes of a file; `total` is what shares are taken of,
    `source` tells from what the file was made. A count of 0 makes no word."""
    counted = Compiled(np.zeros(0, np.uint32), ()).extended(
        {word: float(count) for word, count in frequencies.items() if count}
    )
    arrays: dict[str, NDArray[Any]] = {
        "about": np.asarray([_FORMAT, total, len(counted.levels)], np.int64),
        "characters": counted.characters,
        "source": archive.text(source),
    }
    for depth, level in enumerate(counted.levels):
        keys = level.keys[:-1].astype(np.int64)
        arrays[f"steps{depth}"] = np.diff(keys, prepend=0).astype(np.uint32)
        scores = np.maximum(level.scores[:-1], 0.0)
        arrays[f"counts{depth}"] = scores.astype(np.int32)
        arrays[f"deep{depth}"] = np.packbits(level.opens[:-1] > 0)
    return archive.pack(arrays)


def unpack(content: bytes) -> Compiled:
    """What `pack` made, scores being logarithms of shares; raises CompiledInvalid."""
    try:
        arrays = archive.unpack(content)
        form, total, depths = arrays["about"].tolist()
        if form != _FORMAT:
            raise CompiledInvalid("词典文件不是本版本的。")
        counts = [arrays[f"counts{depth}"] for depth in range(depths)]
        logarithms = _logarithms(counts, total)
        width = len(arrays["characters"]) + 1
        levels = []
        for depth in range(depths):
            keys = np.cumsum(arrays[f"steps{depth}"], dtype=np.int64)
            deep = np.unpackbits(arrays[f"deep{depth}"], count=len(keys)).astype(bool)
            if not len(keys) == len(counts[depth]) == len(deep):
                raise CompiledInvalid("词典文件的长度对不上。")
            levels.append(Level.of(keys, logarithms[counts[depth]], deep, width))
        return Compiled(
            arrays["characters"], levels, -math.log(total), archive.plain(arrays["source"])
        )
    except (KeyError, ValueError, IndexError) as error:
        raise CompiledInvalid(f"词典文件读不出来：{error}") from error


def read(path: Path) -> Compiled:
    """A file of `pack`; raises CompiledInvalid."""
    try:
        return unpack(path.read_bytes())
    except OSError as error:
        raise CompiledInvalid(f"词典文件读不出来：{error}") from error


def _logarithms(counts: Sequence[NDArray[np.int32]], total: int) -> Floats:
    """By count; Python's logarithm, which is jieba's, so that ties stay ties."""
    seen = np.bincount(np.concatenate(counts))
    found = np.full(len(seen), NOTHING)
    log_total = math.log(total)
    for count in np.flatnonzero(seen).tolist():
        if count:
            found[count] = math.log(count) - log_total
    return found
