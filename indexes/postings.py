"""Lexical search: postings in numpy, exact BM25, additions and removals visible at once.

BM25 is that of Robertson & Zaragoza (2009) with Lucene's idf, which is never negative:
idf = ln(1 + (N - df + 0.5) / (df + 0.5)). N, df and the mean length count live texts only, so a
score never depends on the order of additions and removals, nor on what lies in the mapped base
and what in the tail: contributions are float32 and summed per text in the query's term order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import Growing
from indexes.rows import Row, Rows, inverted

K1, B = 1.5, 0.75
_MOST = 65535  # where a count stops
_TAIL = 512  # texts after which the newest are merged into the tail's arrays, at the latest
_BLOCK = 16_384  # postings gone through at a time
_REMEMBERED = 20_000  # terms whose idf is remembered while nothing changes (some 2 MB at most)
# Going through a posting costs about a third of going through a word of a text.
_CHEAPER = 3
Slots = NDArray[np.int64]
Scores = NDArray[np.float64]
_List = tuple[int, NDArray[np.int32], NDArray[np.uint16]]  # which term; its slots and counts
_Hits = tuple[NDArray[Any], NDArray[Any], NDArray[np.uint16]]  # which slot, which term; counts


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
        self._names: list[str] = []  # term of each number
        self._df = Growing(np.int64)
        self._general = Growing(np.float64)  # the background's part of the df; NaN: not looked up
        self._lengths = Growing(np.int32)
        self._live = 0
        self._total = 0
        self._idfs: dict[str, float] = {}  # of terms asked for since the last change
        # slots below len(_base_rows) are in the base, those below _merged in the tail's arrays,
        # the newest in _late
        self._base, self._base_rows = _nothing(), Rows.empty()
        self._tail, self._merged = _nothing(), 0
        self._rows: list[Row] = []
        self._late: dict[int, list[tuple[int, int]]] = {}
        self._penalty: tuple[float, NDArray[np.float32]] = (0.0, np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self._base_rows) + len(self._rows)

    def add(self, texts: Sequence[Mapping[str, int]]) -> None:
        """Appends texts, each as term -> count, to the next slots; a count stops at 65535."""
        terms, names, first = self._terms, self._names, len(self)
        lengths = []
        for text in texts:
            numbers = []
            for term in text:
                number = terms.get(term)
                if number is None:
                    number = terms[term] = len(names)
                    names.append(term)
                numbers.append(number)
            found = list(text.values())
            if found and max(found) > _MOST:
                found = [min(count, _MOST) for count in found]
            self._rows.append((np.array(numbers, np.int32), np.array(found, np.uint16)))
            lengths.append(sum(found))
        self._grow(first, lengths)

    def _grow(self, first: int, lengths: Sequence[int]) -> None:
        self._df.extend(np.zeros(len(self._terms) - self._df.size, np.int64))
        df, split = self._df.view, len(self._base_rows)
        added = self._rows[first - split :]
        if added:
            np.add.at(df, np.concatenate([ids for ids, _ in added]), 1)
        self._lengths.extend(np.asarray(lengths, np.int32))
        self._live += len(lengths)
        self._total += sum(lengths)
        self._idfs = {}
        if len(self) - max(self._merged, split) > max(_TAIL, len(self._rows) // 10):
            self._merge()
            return
        late = self._late
        for slot, (ids, counts) in enumerate(added, first):
            for term, count in zip(ids.tolist(), counts.tolist(), strict=True):
                late.setdefault(term, []).append((slot, count))

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
        self._idfs = {}

    def idf(self, term: str) -> float:
        """Inverse document frequency of a term, known or not, background included."""
        found = self._idfs.get(term)
        if found is None:
            if len(self._idfs) >= _REMEMBERED:
                self._idfs = {}
            found = self._idfs[term] = self._idf(term)
        return found

    def _idf(self, term: str) -> float:
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
        return self._names[first:]

    def term(self, number: int) -> str:
        """The term of a number."""
        return self._names[number]

    def number(self, term: str) -> int:
        """The number of a term, -1 for an unknown one."""
        return self._terms.get(term, -1)

    def idfs(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """`idf` of terms by their numbers, (terms,)."""
        df = self._df.view[numbers].astype(np.float64)
        size = float(self._live)
        if self._background is not None:
            self._general.extend(np.full(len(self._names) - self._general.size, np.nan))
            general = self._general.view[numbers]
            unknown = np.flatnonzero(np.isnan(general))  # few: a board has far more terms
            if len(unknown):
                names, frequency = self._names, self._background.frequency
                general[unknown] = [frequency(names[n]) for n in numbers[unknown].tolist()]
                self._general.view[numbers[unknown]] = general[unknown]
            df += general
            size += self._background.weight
        return np.log1p(np.maximum(size - df + 0.5, 0.0) / (df + 0.5))

    def rows(self, slots: Slots) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The texts in these slots as term numbers: (slots + 1,) starts, and all of them."""
        found = self._taken(slots)
        return found.starts, found.ids.astype(np.int64)

    def _taken(self, slots: Slots) -> Rows:
        """The texts in these slots."""
        return taken(self._base_rows, self._rows, slots)

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
        self._add(terms, sums)
        return [total.astype(np.float64) for total in sums]

    def add_scores(self, query: Mapping[str, float], total: NDArray[np.float32]) -> None:
        """Adds the BM25 of every slot to `total`, (slots,)."""
        self._add({term: [weight] for term, weight in query.items()}, [total])

    def scores_at(self, queries: Sequence[Mapping[str, float]], slots: Slots) -> list[Scores]:
        """`scores_of` for some slots only, to the same bit, whichever way is shorter.

        Both ways make the same float32 sums in the order of the query's terms.
        """
        terms: dict[int, list[float]] = {}
        for number, query in enumerate(queries):
            for term, weight in query.items():
                known = self._terms.get(term)
                if known is not None:
                    factor = weight * self.idf(term) * (K1 + 1.0)
                    terms.setdefault(known, [0.0] * len(queries))[number] = factor
        sums = [np.zeros(len(slots), np.float32) for _ in queries]
        if terms and len(slots):
            lists = [(n, *part) for n, term in enumerate(terms) for part in self._places(term)]
            words = len(slots) * self._total / max(self._live, 1)
            few = sum(len(listed) for _, listed, _ in lists) < _CHEAPER * words
            hits = self._by_postings(lists, slots) if few else None
            owner, term_place, counts = hits or self._by_texts(terms, slots)
            part = counts.astype(np.float32)
            part /= part + self._penalties()[slots[owner]]
            factors = np.asarray(list(terms.values()), np.float32)[term_place]
            for number, total in enumerate(sums):
                np.add.at(total, owner, part * factors[:, number])
        return [total.astype(np.float64) for total in sums]

    def _by_texts(self, terms: Mapping[int, Sequence[float]], slots: Slots) -> _Hits:
        """The occurrences of the terms in these slots, term after term, by reading the texts."""
        rows = self._taken(slots)
        place = np.zeros(len(self._names), np.int16 if len(terms) < 32767 else np.int32)
        place[list(terms)] = np.arange(1, len(terms) + 1)
        found = place[rows.ids]
        hits = np.flatnonzero(found)
        hits = hits[np.argsort(found[hits], kind="stable")]
        owner = np.searchsorted(rows.starts, hits, "right") - 1
        return owner, found[hits] - 1, rows.counts[hits]

    def _by_postings(self, lists: Sequence[_List], slots: Slots) -> _Hits | None:
        """The same by reading the postings; None when a slot is asked for twice."""
        numbers = np.arange(1, len(slots) + 1, dtype=np.int32)
        place = np.zeros(len(self), np.int32)
        place[slots] = numbers
        if not np.array_equal(place[slots], numbers):
            return None
        if not lists:
            return slots[:0], slots[:0], np.zeros(0, np.uint16)
        found = place[np.concatenate([listed for _, listed, _ in lists])]
        hits = np.flatnonzero(found)
        ends = np.cumsum([len(listed) for _, listed, _ in lists])
        terms = np.asarray([term for term, _, _ in lists])[np.searchsorted(ends, hits, "right")]
        return found[hits] - 1, terms, np.concatenate([tf for _, _, tf in lists])[hits]

    def _add(self, terms: Mapping[str, Sequence[float]], sums: list[NDArray[np.float32]]) -> None:
        penalty = self._penalties()
        for term, weights in terms.items():
            number_ = self._terms.get(term)
            if number_ is None:
                continue
            idf = self.idf(term)
            factors = [np.float32(weight * idf * (K1 + 1.0)) for weight in weights]
            for slots, tf in self._places(number_):
                for first in range(0, len(slots), _BLOCK):  # all of a block stays in the cache
                    where = slots[first : first + _BLOCK].astype(np.intp)
                    part = tf[first : first + _BLOCK].astype(np.float32)
                    beside = penalty.take(where, mode="clip")  # in range, and not checked again
                    beside += part
                    part /= beside
                    for total, weight, factor in zip(sums, weights, factors, strict=True):
                        if weight:
                            np.add.at(total, where, part * factor)

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
        return FrozenPostings(list(self._names), self._base_rows, list(self._rows))

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
        self._names = list(terms)
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
        tail: list[Row],
    ):
        self.terms, self._base, self._tail = terms, base, tail

    def rows(self, slots: Slots) -> Rows:
        """The texts in these slots, in this order."""
        return taken(self._base, self._tail, slots)


def taken(base: Rows, tail: Sequence[Row], slots: Slots) -> Rows:
    """The texts in these slots, in this order: of the base, and after it of the tail."""
    split = len(base)
    late = slots >= split
    if not late.any():
        return base.take(slots)
    if late.all():
        return Rows.of([tail[slot - split] for slot in slots])
    return Rows.of([tail[slot - split] if slot >= split else base.at(slot) for slot in slots])


def bag(segments: Sequence[str]) -> Counter[str]:
    """A text as term -> count."""
    return Counter(segments)
