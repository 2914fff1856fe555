"""Texts as rows of (term, count), one array after the other, and the same turned over by term."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import Growing

_BLOCK = 20_000  # texts turned over at a time: bounds the memory of a large merge

Row = tuple[NDArray[np.int32], NDArray[np.uint16]]
Block = tuple[NDArray[np.int64], NDArray[np.float32], list[int], list[int]]
"""Slots and counts, which the next block overwrites; whose these are, one after the other, as
places among the terms asked for, and how many of each."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Row n is `ids[starts[n]:starts[n + 1]]` with as many counts."""

    starts: NDArray[np.int64]
    ids: NDArray[np.int32]
    counts: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @classmethod
    def empty(cls) -> Rows:
        return cls.of([])

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Rows:
        """Rows one by one, put together."""
        starts = np.zeros(len(rows) + 1, np.int64)
        np.cumsum([len(ids) for ids, _ in rows], out=starts[1:])
        ids = np.concatenate([np.zeros(0, np.int32), *(ids for ids, _ in rows)])
        counts = np.concatenate([np.zeros(0, np.uint16), *(counts for _, counts in rows)])
        return cls(starts, ids, counts)

    def late(self, first: int) -> Rows:
        """The rows from `first` on, without a copy of what they hold."""
        at = int(self.starts[first])
        return Rows(self.starts[first:] - at, self.ids[at:], self.counts[at:])

    def at(self, row: int) -> Row:
        """(terms, counts) of one row."""
        chosen = slice(int(self.starts[row]), int(self.starts[row + 1]))
        return self.ids[chosen], self.counts[chosen]

    def take(self, rows: NDArray[np.int64]) -> Rows:
        """These rows, in this order, as a copy."""
        starts, where = self._places(rows)
        ids, counts = self.ids.take(where, mode="clip"), self.counts.take(where, mode="clip")
        return Rows(starts, ids, counts)  # in range, and not checked again

    def terms(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """`starts` and `ids` of `take`, without the counts."""
        starts, where = self._places(rows)
        return starts, self.ids.take(where, mode="clip")

    def _places(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        first = self.starts[rows]
        sizes = self.starts[rows + 1] - first
        starts = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(sizes, out=starts[1:])
        return starts, np.repeat(first - starts[:-1], sizes) + np.arange(starts[-1])

    def lengths(self) -> NDArray[np.int32]:
        """(rows,) the sum of each row's counts."""
        out = np.zeros(len(self), np.int32)
        for first in range(0, len(self), _BLOCK):
            starts = self.starts[first : first + _BLOCK + 1]
            counts = self.counts[int(starts[0]) : int(starts[-1])]
            running = np.zeros(len(counts) + 1, np.int64)
            np.cumsum(counts, dtype=np.int64, out=running[1:])
            out[first : first + len(starts) - 1] = np.diff(running[starts - starts[0]])
        return out

    def check(self, terms: int) -> None:
        """Raises ValueError when the arrays do not fit together or name a term beyond `terms`."""
        starts, ids = self.starts, self.ids
        if len(starts) < 1 or starts[0] or starts[-1] != len(ids) or len(ids) != len(self.counts):
            raise ValueError("文本数组的长度对不上。")
        if np.any(np.diff(starts) < 0):
            raise ValueError("文本数组的编号越界。")


class GrowingRows:
    """Rows to which others are appended, many at a time; those that stand there never change."""

    def __init__(self) -> None:
        self._starts = Growing(np.int64)
        self._starts.extend(np.zeros(1, np.int64))
        self._ids, self._counts = Growing(np.int32), Growing(np.uint16)

    def __len__(self) -> int:
        return self._starts.size - 1

    @property
    def view(self) -> Rows:
        """All rows without a copy; later additions neither show in it nor harm it."""
        return Rows(self._starts.view, self._ids.view, self._counts.view)

    def extend(self, rows: Rows) -> None:
        """Appends rows."""
        self._starts.extend(rows.starts[1:] + self._ids.size)
        self._ids.extend(rows.ids)
        self._counts.extend(rows.counts)


def taken(base: Rows, tail: Rows, slots: NDArray[np.int64]) -> Rows:
    """The texts in these slots, in this order: of the base, and after it of the tail."""
    split = len(base)
    late = slots >= split
    if not late.any():
        return base.take(slots)
    if late.all():
        return tail.take(slots - split)
    found = [tail.at(slot - split) if slot >= split else base.at(slot) for slot in slots.tolist()]
    return Rows.of(found)


class FrozenPostings:
    """The texts of a moment: the mapped base, and what stood in the tail."""

    def __init__(self, terms: list[str], base: Rows, tail: Rows):
        self.terms, self._base, self._tail = terms, base, tail

    def rows(self, slots: NDArray[np.int64]) -> Rows:
        """The texts in these slots, in this order."""
        return taken(self._base, self._tail, slots)


class Inverted:
    """Slots and counts per term."""

    def __init__(self, starts: NDArray[np.int64], slots: NDArray[np.int32], tf: NDArray[np.uint16]):
        self.starts, self.slots, self.tf = starts, slots, tf

    def _ranges(
        self, terms: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Places in `terms` of those that have a list here; where each begins, and ends."""
        known = np.flatnonzero(terms + 1 < len(self.starts))
        return known, self.starts[terms[known]], self.starts[terms[known] + 1]

    def of_terms(
        self, terms: NDArray[np.int64], there: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.uint16]]:
        """(slots, places in `terms`, counts) of several terms, one after the other, only in those
        slots that are `there`, (slots,)."""
        known, first, after = self._ranges(terms)
        lists = [self.slots[a:b] for a, b in zip(first.tolist(), after.tolist(), strict=True)]
        listed = np.concatenate([self.slots[:0], *lists])
        hits = np.flatnonzero(there.take(listed))
        ends = np.cumsum(after - first)
        number = np.searchsorted(ends, hits, "right")
        return listed[hits], known[number], self.tf[hits + (after - ends)[number]]

    def blocks(self, terms: NDArray[np.int64], most: int) -> Iterator[Block]:
        """All of several terms, term after term, `most` at a time: long lists in pieces, short ones
        together, as every call of numpy's takes its time."""
        known, first, after = self._ranges(terms)
        lists = zip(known.tolist(), first.tolist(), after.tolist(), strict=True)
        room = min(most, int((after - first).sum()))
        slots, counts = np.empty(room, np.int64), np.empty(room, np.float32)
        waiting: list[tuple[int, int, int]] = []
        size = 0

        def block() -> Block:
            places, values = slots[:size], counts[:size]
            np.concatenate([self.slots[a:b] for _, a, b in waiting], out=places)
            np.concatenate([self.tf[a:b] for _, a, b in waiting], out=values)
            return places, values, [term for term, _, _ in waiting], [b - a for _, a, b in waiting]

        for term, begin, end in lists:
            stop = begin
            while stop < end:
                start, stop = stop, min(end, stop + most - size)
                waiting.append((term, start, stop))
                size += stop - start
                if size == most:
                    yield block()
                    waiting, size = [], 0
        if waiting:
            yield block()

    @classmethod
    def empty(cls) -> Inverted:
        """No terms."""
        return cls(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.uint16))


def inverted(
    rows: Rows,
    terms: int,
    first: int = 0,
    out: tuple[NDArray[np.int32], NDArray[np.uint16]] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint16]]:
    """(starts, slots, counts) by term, slots ascending; row n stands in slot `first` + n.

    `out` may be mapped files to write slots and counts into.
    """
    starts = np.zeros(terms + 1, np.int64)
    for block in range(0, len(rows), _BLOCK):
        part = _block(rows, block)[1]
        starts[1:] += np.bincount(part, minlength=terms)
    np.cumsum(starts, out=starts)
    slots, counts = out or (np.zeros(len(rows.ids), np.int32), np.zeros(len(rows.ids), np.uint16))
    place = starts[:-1].copy()
    for block in range(0, len(rows), _BLOCK):
        sizes, ids, values = _block(rows, block)
        order = _order(ids)
        sorted_ids = ids[order]
        begins = np.flatnonzero(np.diff(sorted_ids, prepend=-1))
        here = sorted_ids[begins]
        runs = np.diff(begins, append=len(sorted_ids))
        where = np.repeat(place[here] - begins, runs) + np.arange(len(sorted_ids))
        numbers = np.repeat(np.arange(len(sizes), dtype=np.int32) + np.int32(first + block), sizes)
        slots[where], counts[where] = numbers[order], values[order]
        place[here] += runs
    return starts, slots, counts


def _block(
    rows: Rows, first: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint16]]:
    """(sizes, ids, counts) of one block of rows."""
    starts = rows.starts[first : first + _BLOCK + 1]
    chosen = slice(int(starts[0]), int(starts[-1]))
    return np.diff(starts), np.asarray(rows.ids[chosen]), np.asarray(rows.counts[chosen])


def _order(ids: NDArray[np.int32]) -> NDArray[np.int64]:
    """A stable order of ids (not negative): numpy sorts 16 bits by radix, which is faster twice
    than one sort of 32 bits."""
    low = np.argsort(ids.astype(np.uint16), kind="stable")  # keeps the lower half of the bits
    high = (ids >> 16).astype(np.uint16)
    if not high.any():
        return low
    return low[np.argsort(high[low], kind="stable")]
