"""Lexical search: postings in numpy, exact BM25, additions and removals visible at once.

BM25 is that of Robertson & Zaragoza (2009) with Lucene's idf, which is never negative:
idf = ln(1 + (N - df + 0.5) / (df + 0.5)). N, df and the mean length count live texts only, so a
score never depends on the order of additions and removals, nor on what lies in the mapped base
and what in the tail: contributions are float32 and summed per text in the query's term order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain, count, repeat

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import Growing
from indexes.occurrences import Asked, Hits, sum_up
from indexes.rows import FrozenPostings, GrowingRows, Inverted, Rows, inverted, taken

K1, B = 1.5, 0.75
_MOST = 65535  # where a count stops
_TAIL = 512  # so many of the newest texts are read by a search rather than merged
_BLOCK = 32_768  # postings gone through at a time: what is made of them stays in the cache
_REMEMBERED = 20_000  # terms whose idf is remembered while nothing changes (some 2 MB at most)
# Going through a posting costs about a third of going through a word of a text.
_CHEAPER = 3
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

    def among(self, numbers: Mapping[str, int]) -> NDArray[np.float64]:
        """(terms,) `frequency` of all these terms, which are numbered from 0."""
        found = np.zeros(len(numbers))
        size = len(self._counts)
        places = np.fromiter(map(numbers.get, self._counts, repeat(-1)), np.int64, size)
        counts = np.fromiter(self._counts.values(), np.float64, size)
        there = places >= 0
        found[places[there]] = counts[there] * self._factor
        return found


class _Numbers(dict[str, int]):
    """term -> number; asking for an unknown one by [] gives it the next number."""

    def __init__(self, names: Sequence[str] = ()):
        super().__init__(zip(names, count(), strict=False))
        self.names = list(names)

    def __missing__(self, term: str) -> int:
        number = self[term] = len(self.names)
        self.names.append(term)
        return number


class Postings:
    """Texts as bags of terms in slots 0, 1, 2, ...; see the module for the formula."""

    def __init__(self, background: Background | None = None):
        self._background = background
        self._terms = _Numbers()
        self.names = self._terms.names
        """The term of each number. Terms are only added to it: other postings, another list."""
        self._df = Growing(np.int64)
        self._general = Growing(np.float64)  # the background's part of the df
        self._lengths = Growing(np.int32)
        self._live = 0
        self._total = 0
        self._idfs: dict[str, float] = {}  # of terms asked for since the last change
        # slots below len(_base_rows) are in the base; the others in _rows, of which those below
        # _merged are in the tail's arrays by term too, and the newest are read text by text
        self._base, self._base_rows = Inverted.empty(), Rows.empty()
        self._tail, self._merged = Inverted.empty(), 0
        self._rows = GrowingRows()
        self._penalty: tuple[float, NDArray[np.float32]] = (0.0, np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self._base_rows) + len(self._rows)

    def add(self, texts: Sequence[Mapping[str, int]]) -> None:
        """Appends texts, each as term -> count, to the next slots; a count stops at 65535.

        Nothing is sorted here: that is left to the next search, so that many additions cost
        little more than reading their terms.
        """
        starts = np.zeros(len(texts) + 1, np.int64)
        np.cumsum([len(text) for text in texts], out=starts[1:])
        size = int(starts[-1])
        found = chain.from_iterable(text.values() for text in texts)
        counts = np.minimum(np.fromiter(found, np.int64, size), _MOST).astype(np.uint16)
        numbers = map(self._terms.__getitem__, chain.from_iterable(texts))
        rows = Rows(starts, np.fromiter(numbers, np.int32, size), counts)
        lengths = rows.lengths()
        self._rows.extend(rows)
        self._df.extend(np.zeros(len(self._terms) - self._df.size, np.int64))
        np.add.at(self._df.view, rows.ids, 1)
        self._lengths.extend(lengths)
        self._live += len(lengths)
        self._total += int(lengths.sum(dtype=np.int64))
        self._idfs = {}

    def _settle(self) -> Rows:
        """Merges the newest texts into the tail's arrays if they are many; returns those that
        remain, from slot `_merged` on."""
        split = len(self._base_rows)
        if len(self) - self._merged > max(_TAIL, len(self._rows) // 10):
            self._tail = Inverted(*inverted(self._rows.view, len(self._terms), split))
            self._merged = len(self)
        return self._rows.view.late(self._merged - split)

    def _row(self, slot: int) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
        split = len(self._base_rows)
        return self._base_rows.at(slot) if slot < split else self._rows.view.at(slot - split)

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
        df = float(self._occurs(term))
        size = float(self._live)
        if self._background is not None:
            df += self._background.frequency(term)
            size += self._background.weight
        return float(np.log1p(max(size - df + 0.5, 0.0) / (df + 0.5)))

    @property
    def terms(self) -> int:
        """How many different terms there ever were."""
        return len(self._terms)

    def number(self, term: str) -> int:
        """The number of a term, -1 for an unknown one."""
        return self._terms.get(term, -1)

    def rarest(self, numbers: NDArray[np.int64], most: int) -> NDArray[np.bool_]:
        """(terms,) which are the rarest of these terms, as many as occur in at most `most` texts
        all together; of equally rare ones the first."""
        texts = self._df.view[numbers]
        order = np.argsort(texts, kind="stable")
        found = np.zeros(len(numbers), bool)
        found[order[np.cumsum(texts[order]) <= most]] = True
        return found

    def _occurs(self, term: str) -> int:
        number = self._terms.get(term)
        return 0 if number is None or number >= self._df.size else int(self._df.view[number])

    def idfs(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """`idf` of terms by their numbers, (terms,)."""
        df = self._df.view[numbers].astype(np.float64)
        size = float(self._live)
        if self._background is not None:
            df += self._generally(self._background)[numbers]
            size += self._background.weight
        return np.log1p(np.maximum(size - df + 0.5, 0.0) / (df + 0.5))

    def _generally(self, background: Background) -> NDArray[np.float64]:
        """(terms,) what the background adds to the df of each; new terms are looked up first."""
        if self._general.size < len(self.names):
            new = self.names[self._general.size :]
            self._general.extend(np.asarray([background.frequency(term) for term in new]))
        return self._general.view

    def rows(self, slots: Slots) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The texts in these slots as term numbers: (slots + 1,) starts, and all of them."""
        if (slots < len(self._base_rows)).all():
            starts, ids = self._base_rows.terms(slots)
            return starts, ids.astype(np.int64)
        found = self._taken(slots)
        return found.starts, found.ids.astype(np.int64)

    def _taken(self, slots: Slots) -> Rows:
        """The texts in these slots."""
        return taken(self._base_rows, self._rows.view, slots)

    def scores(self, query: Mapping[str, float]) -> tuple[Scores, float]:
        """BM25 of every slot (slots,), and the bound: the sum of weight x idf over the query.

        `query` gives each term its weight (its count, in plain BM25). A text's score is at most
        (K1 + 1) times the bound. Slots that were removed have a meaningless score.
        """
        (scores,) = self.scores_of([query])
        return scores, sum(weight * self.idf(term) for term, weight in query.items())

    def scores_of(self, queries: Sequence[Mapping[str, float]]) -> list[Scores]:
        """`scores` without the bound for several queries at the price of their common terms."""
        sums = [np.zeros(len(self), np.float32) for _ in queries]
        self._add(self.asked(queries), sums)
        return [total.astype(np.float64) for total in sums]

    def add_scores(self, asked: Asked, total: NDArray[np.float32]) -> None:
        """Adds the BM25 of every slot for one query to `total`, (slots,)."""
        self._add(asked, [total])

    def asked(self, queries: Sequence[Mapping[str, float]]) -> Asked:
        """What `scores_at` needs of these queries; holds until something is added or removed."""
        every = dict.fromkeys(chain.from_iterable(queries))
        known = {term: n for term in every if (n := self._terms.get(term)) is not None}
        numbers = np.fromiter(known.values(), np.int64, len(known))
        idfs = self.idfs(numbers)
        if len(self._idfs) + len(known) > _REMEMBERED:
            self._idfs = {}
        self._idfs.update(zip(known, idfs.tolist(), strict=True))  # they are asked for one by one
        factors = np.empty((len(numbers), len(queries)), np.float32)
        for column, query in enumerate(queries):
            weights = np.asarray([query.get(term, 0.0) for term in known])
            factors[:, column] = weights * idfs * (K1 + 1.0)
        return Asked(numbers, factors)

    def scores_at(self, asked: Asked, slots: Slots) -> list[Scores]:
        """`scores_of` for some slots only, to the same bit, whichever way is shorter.

        Both ways make the same float32 sums in the order of the query's terms.
        """
        sums = [np.zeros(len(slots), np.float32) for _ in range(asked.factors.shape[1])]
        if len(asked.numbers) and len(slots):
            late = self._settle()
            penalties = self._penalties()[slots]
            words = len(slots) * self._total / max(self._live, 1)
            few = float(self._df.view[asked.numbers].sum()) < _CHEAPER * words
            hits = self._by_postings(asked, slots) if few else None
            if hits is None:
                sum_up(self._by_texts(self._taken(slots), asked), penalties, asked, sums)
            else:
                sum_up(hits, penalties, asked, sums)
                newest = np.flatnonzero(slots >= self._merged)  # in no list yet
                if len(newest):
                    rows = late.take(slots[newest] - self._merged)
                    owner, term_place, counts = self._by_texts(rows, asked)
                    sum_up((newest[owner], term_place, counts), penalties, asked, sums)
        return [total.astype(np.float64) for total in sums]

    def _by_texts(self, rows: Rows, asked: Asked) -> Hits:
        """The occurrences of the terms in texts, term after term, by reading them."""
        size = len(asked.numbers)
        place = np.zeros(len(self.names), np.int16 if size < 32767 else np.int32)
        place[asked.numbers] = np.arange(1, size + 1)
        found = place[rows.ids]
        hits = np.flatnonzero(found)
        hits = hits[np.argsort(found[hits], kind="stable")]
        owner = np.searchsorted(rows.starts, hits, "right") - 1
        return owner, found[hits] - 1, rows.counts[hits]

    def _by_postings(self, asked: Asked, slots: Slots) -> Hits | None:
        """The same by reading the postings, which the newest texts (`_settle`) are not in; None
        when a slot is asked for twice."""
        numbers = np.arange(1, len(slots) + 1, dtype=np.int32)
        place = np.zeros(len(self), np.int32)
        place[slots] = numbers
        if not np.array_equal(place[slots], numbers):
            return None
        there = place.astype(bool)  # most are not, and that is seen more quickly
        parts = [each.of_terms(asked.numbers, there) for each in (self._base, self._tail)]
        found, terms, counts = (np.concatenate(column) for column in zip(*parts, strict=True))
        return place[found] - 1, terms, counts

    def _add(self, asked: Asked, sums: list[NDArray[np.float32]]) -> None:
        late, penalty = self._settle(), self._penalties()
        for each in (self._base, self._tail):  # no slot is in both
            for slots, counts, terms, sizes in each.blocks(asked.numbers, _BLOCK):
                beside = penalty.take(slots, mode="clip")  # in range, and not checked again
                beside += counts
                part = np.divide(counts, beside, out=beside)
                for total, factors in zip(sums, asked.factors.T, strict=True):
                    own = factors.take(terms)
                    if own.any():
                        np.add.at(total, slots, part * own.repeat(sizes))
        if len(asked.numbers) and len(late):
            newest = self._merged
            hits = self._by_texts(late, asked)
            sum_up(hits, penalty[newest:], asked, [total[newest:] for total in sums])

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
        kept = self._rows.view.take(np.asarray(slots, np.int64) - split)
        self._rows = GrowingRows()
        self._rows.extend(kept)
        lengths = self._lengths.view
        self._lengths.replace(np.concatenate([lengths[:split], lengths[slots]]))
        self._tail, self._merged = Inverted.empty(), split

    def frozen(self) -> FrozenPostings:
        """What a snapshot needs, unmoved by later changes."""
        return FrozenPostings(list(self.names), self._base_rows, self._rows.view)

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
        self._terms = _Numbers(terms)
        if len(self._terms) != len(terms):
            raise ValueError("倒排词表有重复的词。")
        self.names = self._terms.names
        self._base_rows = rows
        self._base = Inverted(starts, slots, tf)
        self._df.replace(np.diff(starts))
        self._lengths.replace(rows.lengths())
        self._live, self._total = len(rows), int(self._lengths.view.sum(dtype=np.int64))
        self._merged = len(rows)
        if self._background is not None:
            self._general.replace(self._background.among(self._terms))


def bag(segments: Sequence[str]) -> Counter[str]:
    """A text as term -> count."""
    return Counter(segments)
