"""Which rows of a static embedding stand for a segment: its own, two shared ones, or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from matching import buckets
from matching.pieces import BIGRAM

_kept = 50_000  # segments whose rows are remembered (some 8 MB at most)
_FEW = 250  # segments up to which numpy's calls take longer than plain Python
Ids = NDArray[np.int64]


def remember(segments: int) -> None:
    """For a process that encodes a whole file and ends: how many segments it remembers."""
    global _kept  # noqa: PLW0603 (one memory per process)
    _kept = segments


class Rows:
    """`vocabulary` maps a segment, without the bigram mark, to its row (0: unknown)."""

    def __init__(self, vocabulary: dict[str, int]):
        self._vocabulary = vocabulary
        self.first, self.shared = buckets.counted(vocabulary)
        # a segment with a row of its own: that row; with two shared ones: minus one minus the
        # first bucket times their number minus the second; else 0
        self._known: dict[str, int] = {}

    def of(self, segment: str) -> tuple[int, ...]:
        """The rows of one segment."""
        code = self._known.get(segment)
        if code is None:
            code = self._code(segment)
        if code >= 0:
            return (code,) if code else ()
        one, two = divmod(-1 - code, self.shared)
        return self.first + one, self.first + two

    def _code(self, segment: str) -> int:
        """What is remembered of a segment from now on."""
        plain = segment[1:] if segment[:1] == BIGRAM else segment
        code = self._vocabulary.get(plain, 0)
        if not code and plain and self.shared:
            one, two = buckets.places(plain, self.shared)
            code = -1 - (one * self.shared + two)
        if len(self._known) >= _kept:
            self._known = {}
        self._known[segment] = code
        return code

    def many(self, segmented: Sequence[Sequence[str]]) -> tuple[Ids, Ids]:
        """The rows of several lists of segments, in order, and where those of each list end."""
        if sum(map(len, segmented)) < _FEW:
            return self._few(segmented)
        segments = list(chain.from_iterable(segmented))
        known = self._known
        try:  # nearly all segments have been met before
            codes = np.fromiter(map(known.__getitem__, segments), np.int64, len(segments))
        except KeyError:
            known = self._learned(segments)
            codes = np.fromiter(map(known.__getitem__, segments), np.int64, len(segments))
        rows, sizes = self._spread(codes)
        until = np.zeros(len(sizes) + 1, np.int64)
        np.cumsum(sizes, out=until[1:])
        return rows, until[np.cumsum(np.fromiter(map(len, segmented), np.int64, len(segmented)))]

    def of_pairs(self, pairs: Sequence[str]) -> tuple[Ids, Ids]:
        """The rows of bigrams (without the mark), in order, and how many each has; nothing is
        remembered, as most pairs across two words are not met again."""
        return self._spread(self._codes(pairs))

    def _spread(self, codes: Ids) -> tuple[Ids, Ids]:
        """The rows of all codes, and how many each has."""
        sizes = (codes != 0).astype(np.int64)
        sizes += codes < 0
        rows = codes.repeat(sizes)
        (pairs,) = (rows < 0).nonzero()
        if len(pairs):
            one, two = np.divmod(-1 - rows[pairs[::2]], self.shared)
            rows[pairs[::2]] = one + self.first
            rows[pairs[1::2]] = two + self.first
        return rows, sizes

    def _few(self, segmented: Sequence[Sequence[str]]) -> tuple[Ids, Ids]:
        """`many` in plain Python."""
        rows: list[int] = []
        ends: list[int] = []
        for segments in segmented:
            for segment in segments:
                code = self._known.get(segment)
                if code is None:
                    code = self._code(segment)
                if code > 0:
                    rows.append(code)
                elif code:
                    one, two = divmod(-1 - code, self.shared)
                    rows += self.first + one, self.first + two
            ends.append(len(rows))
        return np.asarray(rows, np.int64), np.asarray(ends, np.int64)

    def _learned(self, segments: Iterable[str]) -> dict[str, int]:
        """What is remembered, these segments among it."""
        known = self._known
        new = [segment for segment in dict.fromkeys(segments) if segment not in known]
        if len(known) + len(new) > _kept:
            known, new = {}, list(dict.fromkeys(segments))
        plain = [segment[1:] if segment[:1] == BIGRAM else segment for segment in new]
        known.update(zip(new, self._codes(plain).tolist(), strict=True))
        self._known = known
        return known

    def _codes(self, plain: Sequence[str]) -> Ids:
        """What is remembered of segments without the bigram mark."""
        codes = np.fromiter(map(self._vocabulary.get, plain, repeat(0)), np.int64, len(plain))
        if self.shared:
            without = [n for n in (codes == 0).nonzero()[0].tolist() if plain[n]]
            hashes = np.fromiter(
                (crc32(plain[n].encode()) for n in without), np.uint64, len(without)
            )
            one, two = buckets.of_hash(hashes, self.shared)
            codes[without] = -1 - (one * np.uint64(self.shared) + two).astype(np.int64)
        return codes
