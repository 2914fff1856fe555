"""Lexical search: postings in numpy, exact BM25, additions and removals visible at once.

BM25 is that of Robertson & Zaragoza (2009) with Lucene's idf, which is never negative:
idf = ln(1 + (N - df + 0.5) / (df + 0.5)). N, df and the mean length count live texts only, so a
score never depends on the order of additions and removals, nor on what lies in the mapped base
and what in the tail: contributions are float32 and summed per text in the query's term order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import Growing
from indexes.rows import Rows, inverted

K1, B = 1.5, 0.75
_TAIL = 512  # texts after which the newest are merged into the tail's arrays, at the latest
Slots = NDArray[np.int64]
Scores = NDArray[np.float64]


class Background:
    """How often terms occur elsewhere, so that idf means something on a board of three texts.

    `counts` gives, per term, the number of texts that contain it among `size` texts; it counts
    like `weight` further texts on the board.
    """

    def __init__(self, counts: Mapping[str, int], size: int, weight: float = 1000.0):
        self._counts, self._factor, self.weight = counts, weight / max(size, 1), weight

    def frequency(self, term: str) -> float:
        """What to add to the df of `term`."""
        return self._counts.get(term, 0) * self._factor


class _Inverted:
    """Slots and counts per term."""

    def __init__(self, starts: NDArray[np.int64], slots: NDArray[np.int32], tf: NDArray[np.uint16]):
        self.starts, self.slots, self.tf = starts, slots, tf

    def of(self, term: int) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
        """(slots, counts) of a term."""
        if term + 1 >= len(self.starts):
            return self.slots[:0], self.tf[:0]
        chosen = slice(int(self.starts[term]), int(self.starts[term + 1]))
        return self.slots[chosen], self.tf[chosen]


def _nothing() -> _Inverted:
    return _Inverted(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.uint16))


class Postings:
    """Texts as bags of terms in slots 0, 1, 2, ...; see the module for the formula."""

    def __init__(self, background: Background | None = None):
        self._background = background
        self._terms: dict[str, int] = {}
        self._df = Growing(np.int64)
        self._general = Growing(np.float64)  # the background's part of the df
        self._lengths = Growing(np.int32)
        self._live = 0
        self._total = 0
        # slots below len(_base_rows) are in the base, those below _merged in the tail's arrays,
        # the newest in _late
        self._base, self._base_rows = _nothing(), Rows.empty()
        self._tail, self._merged = _nothing(), 0
        self._rows: list[tuple[NDArray[np.int32], NDArray[np.uint16]]] = []
        self._late: dict[int, list[tuple[int, int]]] = {}
        self._penalty: tuple[float, NDArray[np.float32]] = (0.0, np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self._base_rows) + len(self._rows)

    def add(self, texts: Sequence[Mapping[str, int]]) -> None:
        """Appends texts, each as term -> count, to the next slots; a count stops at 65535."""
        terms, first = self._terms, len(self)
        lengths = []
        for text in texts:
            ids = np.fromiter((terms.setdefault(t, len(terms)) for t in text), np.int32, len(text))
            counts = np.fromiter((min(c, 65535) for c in text.values()), np.uint16, len(text))
            self._rows.append((ids, counts))
            lengths.append(int(counts.sum(dtype=np.int64)))
        self._grow(first, lengths)

    def _grow(self, first: int, lengths: Sequence[int]) -> None:
        self._df.extend(np.zeros(len(self._terms) - self._df.size, np.int64))
        df, split = self._df.view, len(self._base_rows)
        for ids, _ in self._rows[first - split :]:
            df[ids] += 1
        self._lengths.extend(np.asarray(lengths, np.int32))
        self._live += len(lengths)
        self._total += sum(lengths)
        if len(self) - max(self._merged, split) > max(_TAIL, len(self._rows) // 10):
            self._merge()
            return
        for slot in range(first, len(self)):
            ids, counts = self._rows[slot - split]
            for term, count in zip(ids.tolist(), counts.tolist(), strict=True):
                self._late.setdefault(term, []).append((slot, count))

    def _merge(self) -> None:
        rows = Rows.of(self._rows)
        starts, slots, tf = inverted(rows, len(self._terms), len(self._base_rows))
        self._tail, self._merged, self._late = _Inverted(starts, slots, tf), len(self), {}

    def _row(self, slot: int) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
        split = len(self._base_rows)
        return self._base_rows.at(slot) if slot < split else self._rows[slot - split]

    def remove(self, slot: int) -> None:
        """Takes a text out of all statistics; the caller no longer shows the slot."""
        self._df.view[self._row(slot)[0]] -= 1
        self._live -= 1
        self._total -= int(self._lengths.view[slot])

    def idf(self, term: str) -> float:
        """Inverse document frequency of a term, known or not, background included."""
        number = self._terms.get(term)
        df = 0.0 if number is None or number >= self._df.size else float(self._df.view[number])
        size = float(self._live)
        if self._background is not None:
            df += self._background.frequency(term)
            size += self._background.weight
        return float(np.log1p(max(size - df + 0.5, 0.0) / (df + 0.5)))

    @property
    def terms(self) -> int:
        """How many different terms there ever were."""
        return len(self._terms)

    def terms_from(self, first: int) -> list[str]:
        """The terms of numbers `first`, `first` + 1, ...; a number never changes its term."""
        return list(islice(self._terms, first, None))

    def number(self, term: str) -> int:
        """The number of a term, -1 for an unknown one."""
        return self._terms.get(term, -1)

    def idfs(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """`idf` of terms by their numbers, (terms,)."""
        df = self._df.view[numbers].astype(np.float64)
        size = float(self._live)
        if self._background is not None:
            known = self._general.size
            if known < len(self._terms):
                added = [self._background.frequency(term) for term in self.terms_from(known)]
                self._general.extend(np.asarray(added, np.float64))
            df += self._general.view[numbers]
            size += self._background.weight
        return np.log1p(np.maximum(size - df + 0.5, 0.0) / (df + 0.5))

    def rows(self, slots: Slots) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The texts in these slots as term numbers: (slots + 1,) starts, and all of them."""
        found = [self._row(int(slot))[0] for slot in slots]
        starts = np.zeros(len(found) + 1, np.int64)
        np.cumsum([len(ids) for ids in found], out=starts[1:])
        ids = np.concatenate(found) if found else np.zeros(0, np.int32)
        return starts, ids.astype(np.int64)

    def scores(self, query: Mapping[str, float]) -> tuple[Scores, float]:
        """BM25 of every slot (slots,), and the bound: the sum of weight x idf over the query.

        `query` gives each term its weight (its count, in plain BM25). A text's score is at most
        (K1 + 1) times the bound. Slots that were removed have a meaningless score.
        """
        (scores,) = self.scores_of([query])
        return scores, sum(weight * self.idf(term) for term, weight in query.items())

    def scores_of(self, queries: Sequence[Mapping[str, float]]) -> list[Scores]:
        """`scores` without the bound for several queries at the price of their common terms."""
        terms: dict[str, list[float]] = {}
        for number, query in enumerate(queries):
            for term, weight in query.items():
                terms.setdefault(term, [0.0] * len(queries))[number] = weight
        sums = [np.zeros(len(self), np.float32) for _ in queries]
        penalty = self._penalties()
        for term, weights in terms.items():
            number_ = self._terms.get(term)
            if number_ is None:
                continue
            idf = self.idf(term)
            for slots, tf in self._places(number_):
                part = tf.astype(np.float32)
                part /= part + penalty[slots]
                for total, weight in zip(sums, weights, strict=True):
                    if weight:
                        np.add.at(total, slots, part * np.float32(weight * idf * (K1 + 1.0)))
        return [total.astype(np.float64) for total in sums]

    def _places(self, term: int) -> list[tuple[NDArray[np.int32], NDArray[np.uint16]]]:
        found = [self._base.of(term), self._tail.of(term)]
        late = self._late.get(term)
        if late:
            rows = np.asarray(late, np.int64)
            found.append((rows[:, 0].astype(np.int32), rows[:, 1].astype(np.uint16)))
        return [(slots, tf) for slots, tf in found if len(slots)]

    def _penalties(self) -> NDArray[np.float32]:
        """(slots,) what stands beside tf in the divisor, kept while the mean length stays."""
        mean = self._total / self._live if self._live and self._total else 1.0
        if self._penalty[0] != mean or len(self._penalty[1]) != len(self):
            lengths = self._lengths.view.astype(np.float32)
            lengths *= np.float32(K1 * B / mean)
            lengths += np.float32(K1 * (1.0 - B))
            self._penalty = (mean, lengths)
        return self._penalty[1]

    def retain(self, slots: Slots) -> None:
        """Keeps the base and these (live) slots of the tail, in this order."""
        split = len(self._base_rows)
        self._rows = [self._rows[slot - split] for slot in slots]
        lengths = self._lengths.view
        self._lengths.replace(np.concatenate([lengths[:split], lengths[slots]]))
        self._late = {}
        self._merge()

    def frozen(self) -> FrozenPostings:
        """What a snapshot needs, unmoved by later changes."""
        return FrozenPostings(list(self._terms), self._base_rows, list(self._rows))

    def open(
        self,
        terms: Sequence[str],
        rows: Rows,
        starts: NDArray[np.int64],
        slots: NDArray[np.int32],
        tf: NDArray[np.uint16],
    ) -> None:
        """Becomes a snapshot's base: terms, texts, and slots and counts by term.

        Raises ValueError when the arrays do not fit together.
        """
        rows.check(len(terms))
        if len(starts) != len(terms) + 1 or starts[0] or starts[-1] != len(slots):
            raise ValueError("倒排数组的长度对不上。")
        if len(slots) != len(tf) or len(slots) != len(rows.ids) or np.any(np.diff(starts) < 0):
            raise ValueError("倒排数组的长度对不上。")
        self.__init__(self._background)  # type: ignore[misc]
        self._terms = {term: number for number, term in enumerate(terms)}
        if len(self._terms) != len(terms):
            raise ValueError("倒排词表有重复的词。")
        self._base_rows = rows
        self._base = _Inverted(starts, slots, tf)
        self._df.replace(np.diff(starts))
        self._lengths.replace(rows.lengths())
        self._live, self._total = len(rows), int(self._lengths.view.sum(dtype=np.int64))
        self._merged = len(rows)


class FrozenPostings:
    """The texts of a moment: the mapped base and a copy of the tail's list."""

    def __init__(
        self,
        terms: list[str],
        base: Rows,
        tail: list[tuple[NDArray[np.int32], NDArray[np.uint16]]],
    ):
        self.terms, self._base, self._tail = terms, base, tail

    def rows(self, slots: Slots) -> Rows:
        """The texts in these slots, in this order."""
        split = len(self._base)
        late = slots >= split
        if not late.any():
            return self._base.take(slots)
        if late.all():
            return Rows.of([self._tail[slot - split] for slot in slots])
        pieces = [
            self._tail[slot - split] if slot >= split else self._base.at(slot) for slot in slots
        ]
        return Rows.of(pieces)


def bag(segments: Sequence[str]) -> Counter[str]:
    """A text as term -> count."""
    return Counter(segments)
