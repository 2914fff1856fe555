"""Lexical search: postings in numpy, exact BM25, additions and removals visible at once.

BM25 is that of Robertson & Zaragoza (2009) with Lucene's idf, which is never negative:
idf = ln(1 + (N - df + 0.5) / (df + 0.5)). N, df and the mean length count live texts only, so a
score never depends on the order of additions and removals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray

from indexes.arrays import Growing

K1, B = 1.5, 0.75
_TAIL = 512  # texts after which the tail is merged into the base, at the latest
Slots = NDArray[np.int64]


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


class Postings:
    """Texts as bags of terms in slots 0, 1, 2, ...; see the module for the formula."""

    def __init__(self, background: Background | None = None):
        self._background = background
        self._terms: dict[str, int] = {}
        self._df = Growing(np.int64)
        self._general = Growing(np.float64)  # the background's part of the df
        self._lengths = Growing(np.float64)
        self._forward: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []
        self._live = 0
        self._total = 0.0
        self._base = 0  # slots below are in the base arrays, those above in the tail
        self._starts = np.zeros(1, np.int64)
        self._slots = np.zeros(0, np.int32)
        self._tf = np.zeros(0, np.float32)
        self._tail: dict[int, list[tuple[int, int]]] = {}

    def __len__(self) -> int:
        return len(self._forward)

    def add(self, texts: Sequence[Mapping[str, int]]) -> None:
        """Appends texts, each as term -> count, to the next slots."""
        terms, forward = self._terms, self._forward
        lengths = []
        for text in texts:
            ids = np.fromiter((terms.setdefault(t, len(terms)) for t in text), np.int32, len(text))
            counts = np.fromiter(text.values(), np.int32, len(text))
            forward.append((ids, counts))
            lengths.append(float(counts.sum()))
        self._add(lengths)

    def _add(self, lengths: Sequence[float]) -> None:
        first = len(self._forward) - len(lengths)
        self._df.extend(np.zeros(len(self._terms) - self._df.size, np.int64))
        df = self._df.view
        for ids, _ in self._forward[first:]:
            df[ids] += 1
        self._lengths.extend(np.asarray(lengths, np.float64))
        self._live += len(lengths)
        self._total += sum(lengths)
        if len(self._forward) - self._base > max(_TAIL, self._base // 10):
            self._merge()
            return
        for slot in range(first, len(self._forward)):
            ids, counts = self._forward[slot]
            for term, count in zip(ids.tolist(), counts.tolist(), strict=True):
                self._tail.setdefault(term, []).append((slot, count))

    def _merge(self) -> None:
        sizes = [len(ids) for ids, _ in self._forward]
        empty = np.zeros(0, np.int32)
        terms = np.concatenate([ids for ids, _ in self._forward] or [empty])
        counts = np.concatenate([counts for _, counts in self._forward] or [empty])
        slots = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        order = np.argsort(terms, kind="stable")
        self._slots, self._tf = slots[order], counts[order].astype(np.float32)
        self._starts = np.zeros(len(self._terms) + 1, np.int64)
        np.cumsum(np.bincount(terms, minlength=len(self._terms)), out=self._starts[1:])
        self._base, self._tail = len(sizes), {}

    def remove(self, slot: int) -> None:
        """Takes a text out of all statistics; the caller no longer shows the slot."""
        self._df.view[self._forward[slot][0]] -= 1
        self._live -= 1
        self._total -= float(self._lengths.view[slot])

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
        found = [self._forward[slot][0] for slot in slots]
        starts = np.zeros(len(found) + 1, np.int64)
        np.cumsum([len(ids) for ids in found], out=starts[1:])
        ids = np.concatenate(found) if found else np.zeros(0, np.int32)
        return starts, ids.astype(np.int64)

    def scores(self, query: Mapping[str, float]) -> tuple[NDArray[np.float64], float]:
        """BM25 of every slot (slots,), and the bound: the sum of weight x idf over the query.

        `query` gives each term its weight (its count, in plain BM25). A text's score is at most
        (K1 + 1) times the bound. Slots that were removed have a meaningless score.
        """
        size = len(self._forward)
        weights = {term: weight * self.idf(term) for term, weight in query.items()}
        bound = float(sum(weights.values()))
        mean = self._total / self._live if self._live and self._total else 1.0
        penalty = K1 * (1.0 - B + B * self._lengths.view / mean)
        slots: list[NDArray[np.int32]] = []
        counts: list[NDArray[np.float32]] = []
        factors: list[float] = []
        late: list[tuple[int, int, float]] = []
        known = len(self._starts) - 1
        for term, weight in weights.items():
            number = self._terms.get(term)
            if number is None or not weight:
                continue
            if number < known:
                start, end = self._starts[number], self._starts[number + 1]
                slots.append(self._slots[start:end])
                counts.append(self._tf[start:end])
                factors.append(weight)
            late += [(slot, count, weight) for slot, count in self._tail.get(number, ())]
        scores = np.zeros(size, np.float64)
        if slots:
            where = np.concatenate(slots)
            tf = np.concatenate(counts).astype(np.float64)
            factor = np.repeat(factors, [len(part) for part in slots])
            scores += np.bincount(where, factor * (tf * (K1 + 1) / (tf + penalty[where])), size)
        if late:
            rows = np.asarray(late, np.float64)
            where, tf = rows[:, 0].astype(np.int64), rows[:, 1]
            scores += np.bincount(where, rows[:, 2] * (tf * (K1 + 1) / (tf + penalty[where])), size)
        return scores, bound

    def keep(self, slots: Slots) -> None:
        """Keeps these (live) slots, in this order, and forgets the others and unused terms."""
        arrays = self.arrays(slots)
        self.restore(*arrays)

    def arrays(
        self, slots: Slots
    ) -> tuple[list[str], NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
        """(terms, starts, ids, counts) of these slots, with only the terms they use."""
        kept = [self._forward[slot] for slot in slots]
        empty = np.zeros(0, np.int32)
        ids = np.concatenate([part for part, _ in kept] or [empty])
        counts = np.concatenate([part for _, part in kept] or [empty])
        starts = np.zeros(len(kept) + 1, np.int64)
        np.cumsum([len(part) for part, _ in kept], out=starts[1:])
        used, numbers = np.unique(ids, return_inverse=True)
        names = list(self._terms)
        return [names[i] for i in used], starts, numbers.astype(np.int32), counts

    def restore(
        self,
        terms: list[str],
        starts: NDArray[np.int64],
        ids: NDArray[np.int32],
        counts: NDArray[np.int32],
    ) -> None:
        """Becomes what `arrays` described; raises ValueError when the arrays do not fit."""
        if len(ids) != len(counts) or len(starts) < 1 or starts[0] or starts[-1] != len(ids):
            raise ValueError("倒排数组的长度对不上。")
        if np.any(np.diff(starts) < 0) or (
            len(ids) and not 0 <= ids.min() <= ids.max() < len(terms)
        ):
            raise ValueError("倒排数组的编号越界。")
        if len(set(terms)) != len(terms):
            raise ValueError("倒排词表有重复的词。")
        self.__init__(self._background)  # type: ignore[misc]
        self._terms = {term: number for number, term in enumerate(terms)}
        self._forward = [(ids[a:b], counts[a:b]) for a, b in pairwise(starts.tolist())]
        self._df.extend(np.zeros(len(terms), np.int64))
        self._df.replace(np.bincount(ids, minlength=len(terms)).astype(np.int64))
        running = np.concatenate([np.zeros(1), np.cumsum(counts, dtype=np.float64)])
        lengths = running[starts[1:]] - running[starts[:-1]]
        self._lengths.replace(lengths)
        self._live, self._total = len(lengths), float(lengths.sum())
        self._merge()


def bag(segments: Sequence[str]) -> Counter[str]:
    """A text as term -> count."""
    return Counter(segments)
